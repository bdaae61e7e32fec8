// SPDX-License-Identifier: MIT
// The lines of a list and the fields of a table, as text files of many programs have them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace glowvox::train {

struct Line {
  std::size_t number;  // from 1
  std::string text;
};

struct Row {
  std::size_t line;  // where it begins
  std::vector<std::string> fields;
};

// All lines, without a byte-order mark and their ends (LF, CRLF). Throws Error, which names `path`,
// where the bytes are not text: binary, or UTF-16.
std::vector<Line> all_lines_of(const std::string& path, const std::string& bytes);
// Those that are neither empty nor a # comment.
std::vector<Line> without_comments(const std::vector<Line>& lines);
bool is_utf16(const std::string& bytes);  // as far as a byte-order mark says so

// The fields of each line, without the blanks around them.
std::vector<Row> rows_of(const std::vector<Line>& lines, char separator);

// Of a comma-separated table (RFC 4180), of all its lines: a field in quotation marks may hold
// commas, ends of lines and doubled quotation marks. Empty lines and # comments between rows are
// none.
std::vector<Row> comma_rows_of(const std::string& path, const std::vector<Line>& lines);

std::string trimmed(const std::string& text);

}  // namespace glowvox::train

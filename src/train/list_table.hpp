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

// Without a byte-order mark, ends of lines (LF, CRLF), empty lines and # comments. Throws Error,
// which names `path`, where the bytes are not text: binary, or UTF-16.
std::vector<Line> lines_of(const std::string& path, const std::string& bytes);

// The fields of each line, without the blanks around them.
std::vector<Row> rows_of(const std::vector<Line>& lines, char separator);

// Of a comma-separated table (RFC 4180): a field in quotation marks may hold commas, ends of lines
// and doubled quotation marks.
std::vector<Row> comma_rows_of(const std::string& path, const std::vector<Line>& lines);

std::string trimmed(const std::string& text);

}  // namespace glowvox::train

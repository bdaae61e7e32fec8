// SPDX-License-Identifier: MIT
#include "train/list_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/printable.hpp"
#include "core/text.hpp"
#include "glowvox/error.hpp"

namespace glowvox::train {

namespace {

constexpr std::size_t kMostQuoted = 40;

bool says_nothing(const Line& line) {
  const std::string bare = trimmed(line.text);
  return bare.empty() || bare[0] == '#';
}

void check_text(const std::string& path, const std::string& bytes) {
  if (is_utf16(bytes))
    throw Error(path, "expected a list in UTF-8, got UTF-16", "save it again as UTF-8");
  const auto binary = std::find_if(bytes.begin(), bytes.end(), [](unsigned char c) {
    return c < 0x20 && c != '\t' && c != '\n' && c != '\v' && c != '\f' && c != '\r' && c != 0x1a;
  });
  if (binary != bytes.end())
    throw Error(path,
                fmt::format("expected a list of recordings, which is text, got bytes that no text "
                            "has: \"{}\"",
                            printable(bytes.substr(0, 2 * kMostQuoted), kMostQuoted)),
                "give a folder, or a text file with a path on each line");
}

// Appends the fields that a line has, from inside a quoted one or not; whether one is still open.
bool add_fields(const std::string& line, bool quoted, std::vector<std::string>* fields) {
  for (std::size_t at = 0;; ++at) {
    if (!quoted && (at == 0 || line[at - 1] == ',')) {
      fields->emplace_back();
      const std::size_t first = line.find_first_not_of(" \t", at);
      if (first != std::string::npos && line[first] == '"') {
        quoted = true;
        at = first + 1;
      }
    }
    if (at >= line.size()) return quoted;
    if (quoted && line[at] == '"' && at + 1 < line.size() && line[at + 1] == '"')
      fields->back() += line[++at];
    else if (quoted && line[at] == '"')
      quoted = false;
    else if (quoted || line[at] != ',')
      fields->back() += line[at];
  }
}

}  // namespace

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_utf16(const std::string& bytes) {
  return begins_with(bytes, "\xff\xfe") || begins_with(bytes, "\xfe\xff");
}

std::vector<Line> without_comments(const std::vector<Line>& lines) {
  std::vector<Line> kept;
  for (const Line& line : lines)
    if (!says_nothing(line)) kept.push_back(line);
  return kept;
}

std::vector<Line> all_lines_of(const std::string& path, const std::string& bytes) {
  check_text(path, bytes);
  std::vector<Line> lines;
  const std::string mark = "\xef\xbb\xbf";
  std::size_t number = 0;
  for (std::size_t at = begins_with(bytes, mark) ? mark.size() : 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    std::string text = bytes.substr(at, end - at);
    while (!text.empty() && (text.back() == '\r' || text.back() == 0x1a)) text.pop_back();
    lines.push_back({++number, std::move(text)});
    at = end + 1;
  }
  return lines;
}

std::vector<Row> rows_of(const std::vector<Line>& lines, char separator) {
  std::vector<Row> rows;
  for (const Line& line : lines) {
    Row row{line.number, {}};
    for (std::size_t at = 0; at <= line.text.size();) {
      const std::size_t end = std::min(line.text.find(separator, at), line.text.size());
      row.fields.push_back(trimmed(line.text.substr(at, end - at)));
      at = end + 1;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> comma_rows_of(const std::string& path, const std::vector<Line>& lines) {
  std::vector<Row> rows;
  bool open = false;
  for (const Line& line : lines) {
    if (!open && says_nothing(line)) continue;
    if (open)
      rows.back().fields.back() += '\n';
    else
      rows.push_back({line.number, {}});
    open = add_fields(line.text, open, &rows.back().fields);
    if (open) continue;
    for (std::string& field : rows.back().fields) field = trimmed(field);
  }
  if (open)
    throw Error(path, fmt::format("a quotation mark that opens in line {} is never closed",
                                  rows.back().line));
  return rows;
}

}  // namespace glowvox::train

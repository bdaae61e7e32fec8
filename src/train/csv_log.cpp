// SPDX-License-Identifier: MIT
#include "train/csv_log.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>

#include "core/atomic_file.hpp"
#include "core/file_error.hpp"

namespace glowvox::train {

namespace {

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string line_of(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + quoted(cell);
  return line + '\n';
}

// Whole records only: what follows the last line break was cut short.
std::vector<std::vector<std::string>> parse(const std::string& text) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> record(1);
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inside) {
      if (c != '"')
        record.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        record.back() += text[++i];
      else
        inside = false;
    } else if (c == '"') {
      inside = true;
    } else if (c == ',') {
      record.emplace_back();
    } else if (c == '\n') {
      records.push_back(std::move(record));
      record.assign(1, "");
    } else {
      record.back() += c;
    }
  }
  return records;
}

double to_number(const std::string& cell) {
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  return cell.empty() || *end != '\0' ? std::numeric_limits<double>::quiet_NaN() : value;
}

}  // namespace

CsvTable read_csv(const std::string& path) {
  CsvTable table;
  auto records = parse(read_file(path));
  if (records.empty()) return table;
  table.header = records.front();
  for (std::size_t i = 1; i < records.size(); ++i)
    if (records[i].size() == table.header.size()) table.rows.push_back(std::move(records[i]));
  return table;
}

std::vector<double> CsvTable::numbers(const std::string& column) const {
  const auto found = std::find(header.begin(), header.end(), column);
  if (found == header.end()) return {};
  std::vector<double> values;
  for (const auto& row : rows)
    values.push_back(to_number(row[static_cast<std::size_t>(found - header.begin())]));
  return values;
}

CsvLog::CsvLog(const std::string& path, const std::vector<std::string>& header, std::int64_t kept)
    : path_(path) {
  std::string text = line_of(header);
  if (kept >= 0 && std::filesystem::exists(path)) {
    // By their columns' names: an earlier version may have had fewer.
    const CsvTable before = read_csv(path);
    for (const auto& row : before.rows) {
      if (to_number(row.front()) > static_cast<double>(kept)) continue;
      std::vector<std::string> cells;
      for (const std::string& name : header) {
        const auto found = std::find(before.header.begin(), before.header.end(), name);
        cells.push_back(found == before.header.end()
                            ? std::string()
                            : row[static_cast<std::size_t>(found - before.header.begin())]);
      }
      text += line_of(cells);
    }
  }
  write_file(path, text);
  file_ = std::fopen(path.c_str(), "a");
  if (!file_) throw cannot_write(path);
}

CsvLog::~CsvLog() { std::fclose(file_); }

void CsvLog::append(const std::vector<std::string>& cells) {
  if (std::fputs(line_of(cells).c_str(), file_) < 0 || std::fflush(file_) != 0) {
    std::clearerr(file_);
    throw cannot_write(path_);
  }
}

}  // namespace glowvox::train

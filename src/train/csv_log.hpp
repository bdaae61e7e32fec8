// SPDX-License-Identifier: MIT
// Tables of a run that grow row by row.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace glowvox::train {

// A CSV file (RFC 4180) whose first column is a number that never falls. Each row is on the disk,
// as far as the system is asked, when append() returns.
class CsvLog {
 public:
  // Continues after `kept` (rows beyond it, and a last row cut short, are dropped), or starts anew
  // with kept < 0.
  CsvLog(const std::string& path, const std::vector<std::string>& header, std::int64_t kept);
  ~CsvLog();
  CsvLog(const CsvLog&) = delete;
  CsvLog& operator=(const CsvLog&) = delete;
  void append(const std::vector<std::string>& cells);

 private:
  std::string path_;
  std::FILE* file_ = nullptr;
};

struct CsvTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  // A column as numbers, NaN where a cell is empty or none; empty when there is no such column.
  std::vector<double> numbers(const std::string& column) const;
};

// Rows with another number of cells than the header are left out.
CsvTable read_csv(const std::string& path);

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
#include "eval/speakers.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

namespace glowvox::eval {

namespace fs = std::filesystem;

namespace {

constexpr int kFoldersAbove = 2;

std::vector<std::string> cells_of(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, '\t');) cells.push_back(cell);
  return cells;
}

}  // namespace

const Speakers::Table& Speakers::table_of(const std::string& folder) {
  const auto found = tables_.find(folder);
  if (found != tables_.end()) return found->second;
  Table& table = tables_[folder];
  const std::string path = (fs::path(folder) / "MANIFEST.tsv").string();
  if (!fs::exists(path)) return table;
  std::istringstream lines(read_file(path));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = cells_of(line);
  const auto file = std::find(header.begin(), header.end(), "file");
  const auto speaker = std::find(header.begin(), header.end(), "speaker");
  if (file == header.end() || speaker == header.end())
    throw Error(path, "expected columns named 'file' and 'speaker' in its first line",
                "rename the table if it is something else");
  const auto at_file = static_cast<std::size_t>(file - header.begin());
  const auto at_speaker = static_cast<std::size_t>(speaker - header.begin());
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() > std::max(at_file, at_speaker)) table[cells[at_file]] = cells[at_speaker];
  }
  return table;
}

std::string Speakers::of(const std::string& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  fs::path folder = whole.parent_path();
  for (int above = 0; above <= kFoldersAbove; ++above) {
    const Table& table = table_of(folder.string());
    const auto entry = table.find(whole.lexically_relative(folder).generic_string());
    if (entry != table.end()) return entry->second;
    folder = folder.parent_path();
  }
  return whole.parent_path().filename().string();
}

}  // namespace glowvox::eval

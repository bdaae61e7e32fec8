// SPDX-License-Identifier: MIT
// Whose voice a recording is.
#pragma once

#include <map>
#include <string>

namespace glowvox::eval {

// A corpus says it in a table, MANIFEST.tsv, with the columns `file` (relative to the table) and
// `speaker`, beside the recording or in one of the two folders above; else a speaker is a folder.
class Speakers {
 public:
  // Throws Error for a table without these columns.
  std::string of(const std::string& path);

 private:
  using Table = std::map<std::string, std::string>;  // speaker of each file
  const Table& table_of(const std::string& folder);
  std::map<std::string, Table> tables_;  // of each folder; empty where there is none
};

}  // namespace glowvox::eval

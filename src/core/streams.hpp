// SPDX-License-Identifier: MIT
// Standard input and output where a file is named.
#pragma once

#include <string>

namespace glowvox {

constexpr const char* kStandardInput = "standard input";
constexpr const char* kStandardOutput = "standard output";

inline bool is_standard(const std::string& path) { return path == "-"; }
// As messages call them.
inline std::string input_name(const std::string& path) {
  return is_standard(path) ? kStandardInput : path;
}
inline std::string output_name(const std::string& path) {
  return is_standard(path) ? kStandardOutput : path;
}

}  // namespace glowvox

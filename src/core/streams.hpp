// SPDX-License-Identifier: MIT
// Standard input and output where a file is named, and what may go there.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

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

// Throws UsageError where standard input is to be more than one of these.
void check_inputs(const std::vector<std::string>& paths);

// Throws UsageError where standard output is a terminal, or is to carry figures (json) as well.
// what: it carries.
void check_output(const std::string& path, bool json, const char* what = "sound");

// Throws Error when writing output would replace input.
void refuse_overwriting(const std::string& input, const std::string& output);

// Where the figures about an output go: standard output, or messages() where that is the output.
std::FILE* figures_to(const std::string& output);

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

#include "core/path.hpp"

namespace glowvox {

inline bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

inline bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// ASCII letters in lower case; all other bytes as they are.
inline std::string lowercase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The extension of a file's name in lower case, with its dot; empty: none.
inline std::string extension_of(const std::string& path) {
  return lowercase(utf8_of(path_of(path).extension()));
}

}  // namespace glowvox

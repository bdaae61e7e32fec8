// SPDX-License-Identifier: MIT
// Paths are UTF-8 in glowvox, whatever the system's own are.
#pragma once

#include <filesystem>
#include <string>

namespace glowvox {

inline std::filesystem::path path_of(const std::string& utf8) {
  return std::filesystem::u8path(utf8);
}
inline std::string utf8_of(const std::filesystem::path& path) {
  const auto utf8 = path.u8string();  // of char, from C++20 on of char8_t
  return {utf8.begin(), utf8.end()};
}

}  // namespace glowvox

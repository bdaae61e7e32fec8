// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace glowvox::report {

// A PNG file's bytes (libpng); rgb: [height][width][3]. Errors name `where`.
std::string encode_png(const std::string& where, int width, int height,
                       const std::vector<std::uint8_t>& rgb);

}  // namespace glowvox::report

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace glowvox::format {

// rgb: [height][width][3]. Written atomically (libpng).
void write_png(const std::string& path, int width, int height,
               const std::vector<std::uint8_t>& rgb);

}  // namespace glowvox::format

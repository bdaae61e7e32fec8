// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

namespace glowvox::exchange {

// [a][b][c] -> [a][c][b]: our convolutions have their taps before their input channels.
inline std::vector<float> swap_last(const std::vector<float>& from, std::int64_t a, std::int64_t b,
                                    std::int64_t c) {
  std::vector<float> to(from.size());
  for (std::int64_t i = 0; i < a; ++i)
    for (std::int64_t j = 0; j < b; ++j)
      for (std::int64_t k = 0; k < c; ++k)
        to[static_cast<std::size_t>((i * c + k) * b + j)] =
            from[static_cast<std::size_t>((i * b + j) * c + k)];
  return to;
}

}  // namespace glowvox::exchange

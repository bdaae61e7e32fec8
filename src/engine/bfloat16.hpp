// SPDX-License-Identifier: MIT
// bfloat16: the upper half of a float.
#pragma once

#include <cstdint>
#include <cstring>

namespace glowvox::engine {

// Rounds to nearest, ties to even; the value must be finite.
inline std::uint16_t to_bfloat16(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  bits += 0x7fffu + ((bits >> 16) & 1u);
  return static_cast<std::uint16_t>(bits >> 16);
}

}  // namespace glowvox::engine

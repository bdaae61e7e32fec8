// SPDX-License-Identifier: MIT
// Numbers of half the size, and how they lie in memory, a whole vector at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace glowvox::engine {

// to[c * to_row + r] = from[r * columns + c].
void transpose(const std::uint32_t* from, int rows, int columns, std::uint32_t* to, int to_row);

// To nearest, ties to even.
void to_bfloat16(const float* from, std::size_t count, std::uint16_t* to);

// The same of two rows, side by side: even's in the lower halves of the words, odd's in the upper.
void to_pairs(const float* even, const float* odd, std::size_t count, std::uint32_t* to);

// To IEEE half precision: to nearest, ties to even.
void to_half(const float* from, std::size_t count, std::uint16_t* to);

// IEEE half precision, little endian, at any address, to float.
void decode_half(const char* from, std::size_t count, float* to);

}  // namespace glowvox::engine

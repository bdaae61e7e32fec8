// SPDX-License-Identifier: MIT
#include "flow/pair_product.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstring>
#endif

#include "engine/instruction_set.hpp"

namespace glowvox::flow {

using engine::instruction_set;
using engine::InstructionSet;
using engine::Layout;
using engine::Write;
namespace amx = engine::amx;

namespace {

#if defined(__x86_64__)

#define GLOWVOX_DOT __attribute__((target("avx512f,avx512bf16")))

constexpr int kLanes = 16;
constexpr int kMostRows = 8;  // of a tile of sums: 16 registers with two vectors of columns

// Of a pair of inputs in every lane.
GLOWVOX_DOT inline __m512bh pairs_at(const void* p) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(p));
}
GLOWVOX_DOT inline __m512bh pair_everywhere(const char* p) {
  int pair = 0;
  std::memcpy(&pair, p, sizeof pair);
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
}

template <int kRows, int kVectors>
GLOWVOX_DOT void dot_tile(const amx::Weights& right, const Layout& layout, const char* block,
                          const char* x, float* y, Write write) {
  const std::ptrdiff_t x_row = std::ptrdiff_t{2} * layout.x_row, y_row = layout.y_row;
  __m512 sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] =
          write == Write::kAdd ? _mm512_loadu_ps(y + r * y_row + v * kLanes) : _mm512_setzero_ps();
  for (int k = 0; k < right.taps; ++k) {
    const char* inputs = x + 2 * k * layout.x_tap;
    for (int i = 0; i < right.in; i += 2, inputs += 4, block += std::ptrdiff_t{64} * kVectors) {
      __m512bh columns[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) columns[v] = pairs_at(block + 64 * v);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const __m512bh pair = pair_everywhere(inputs + r * x_row);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v)
          sums[r][v] = _mm512_dpbf16_ps(sums[r][v], pair, columns[v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_ps(y + r * y_row + v * kLanes, sums[r][v]);
}

template <int kVectors>
void dot_block(const amx::Weights& right, const Layout& layout, const char* block, const char* x,
               float* y, int rows, Write write) {
  const auto from = [&](int r) { return x + std::ptrdiff_t{2} * r * layout.x_row; };
  const auto to = [&](int r) { return y + std::ptrdiff_t{r} * layout.y_row; };
  int r = 0;
  for (; r + kMostRows <= rows; r += kMostRows)
    dot_tile<kMostRows, kVectors>(right, layout, block, from(r), to(r), write);
  for (; r + 2 <= rows; r += 2) dot_tile<2, kVectors>(right, layout, block, from(r), to(r), write);
  if (r < rows) dot_tile<1, kVectors>(right, layout, block, from(r), to(r), write);
}

void multiply_by_dots(const amx::Weights& right, const Layout& layout, const void* x, float* y,
                      int rows, Write write) {
  const auto* activations = static_cast<const char*>(x);
  for (int column = 0; column < right.columns; column += amx::kBlock) {
    const char* block = right.blocks + std::ptrdiff_t{2} * column * right.taps * right.in;
    if (right.columns - column >= amx::kBlock)
      dot_block<2>(right, layout, block, activations, y + column, rows, write);
    else
      dot_block<1>(right, layout, block, activations, y + column, rows, write);
  }
}

#endif

}  // namespace

bool has_pair_products() {
  return instruction_set() == InstructionSet::kAmx ||
         instruction_set() == InstructionSet::kAvx512Bf16;
}

void multiply_pairs(const amx::Weights& right, const Layout& layout, const void* x, float* y,
                    int rows, Write write) {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::kAvx512Bf16)
    return multiply_by_dots(right, layout, x, y, rows, write);
#endif
  amx::multiply(right, layout, x, y, rows, write);
}

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
// The products of products.hpp with operands that are rounded to bfloat16; sums are float.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/rows_view.hpp"
#include "flow/products.hpp"

namespace glowvox::flow::bfloat16 {

// The right side, [depth, columns], in blocks of columns of which pairs of rows lie together: so
// many blocks, of so many words of a pair in all.
std::int64_t blocks(std::int64_t columns);
std::int64_t words(std::int64_t depth, std::int64_t columns);

// As PackedMatrix::fill has it.
struct Source {
  const float* from;
  std::ptrdiff_t depth_stride, column_stride;
};
void fill(const Source& source, std::int64_t depth, std::int64_t columns, std::int64_t first,
          std::int64_t last, std::uint32_t* to);

// As multiply() and multiply_transposed() have it.
struct Right {
  const std::uint32_t* words;
  std::int64_t depth, columns;
};
void multiply(ConstRowsView a, const Right& b, RowsView c, ConstRowsView start, const float* bias);
void multiply_transposed(ConstRowsView g, std::int64_t g_columns, const std::vector<Outer>& outers);

}  // namespace glowvox::flow::bfloat16

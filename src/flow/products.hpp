// SPDX-License-Identifier: MIT
// Matrix products on CPUs for training: small enough pieces that a thread works on rows of its own
// and what follows a product finds its result in the cache. Compiled for every instruction set,
// chosen at run time (Highway).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/rows_view.hpp"

namespace glowvox::flow {

// In what both sides of a product are multiplied; sums are float.
enum class Operands { kFloat, kBfloat16 };

// The right side of products, [depth, columns], in panels of columns that fit the registers.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  PackedMatrix(std::int64_t depth, std::int64_t columns, Operands operands = Operands::kFloat);
  // Element [k, j] is from[k * depth_stride + j * column_stride]; one of the strides is 1. Panels
  // [first, last) of panels(), so that threads can share the work.
  void fill(const float* from, std::ptrdiff_t depth_stride, std::ptrdiff_t column_stride,
            std::int64_t first, std::int64_t last);
  std::int64_t panels() const;
  std::int64_t depth() const { return depth_; }
  std::int64_t columns() const { return columns_; }
  Operands operands() const { return operands_; }
  // Of kFloat; of kBfloat16 its words are pairs (bfloat16_products.hpp).
  const float* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* data) const;
  };
  std::int64_t depth_ = 0, columns_ = 0;
  Operands operands_ = Operands::kFloat;
  std::unique_ptr<float[], Free> data_;  // at a cache line's beginning: no load crosses two
};

// c = a b + (start, where given: [rows, columns], may be c itself) + (bias, where given:
// [columns]), for as many rows as a has.
void multiply(ConstRowsView a, const PackedMatrix& b, RowsView c, ConstRowsView start = {},
              const float* bias = nullptr);

// c[n, k] = sum over rows of g[row, n] u[row, k]: the gradient of a weight, [g's columns, columns].
struct Outer {
  ConstRowsView u;
  std::int64_t columns;
  RowsView c;
};
// Several with the same g, which is brought in order once. scratch: of kFloat, reused between
// calls.
void multiply_transposed(ConstRowsView g, std::int64_t g_columns, const std::vector<Outer>& outers,
                         std::vector<float>* scratch, Operands operands = Operands::kFloat);

}  // namespace glowvox::flow

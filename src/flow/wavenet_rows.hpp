// SPDX-License-Identifier: MIT
// How wavenet() lays out and divides its work.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "flow/products.hpp"
#include "flow/wavenet_function.hpp"

namespace glowvox::flow {

inline float* floats(const Tensor& t) { return t.data_ptr<float>(); }

// Rows [first, first + count).
struct Block {
  int64_t first, count;
};

// Those rows of a tensor [..., columns].
inline RowsView part(const Tensor& t, const Block& block) {
  return RowsView{floats(t), 0, t.size(-1)}.part(block.first, block.count);
}

struct WavenetSizes {
  WavenetSizes(const Tensor& x, const Tensor& features, const WavenetWeights& weights);

  int64_t T, B, rows, in, H, F, out, taps;
  int layers;
  std::vector<int64_t> dilation, left;  // of every layer
  int64_t before, after;                // rows of zeros around activations that taps read from

  // Row that tap k of a layer reads for row 0.
  int64_t offset(int layer, int64_t k) const {
    return (k * dilation[static_cast<size_t>(layer)] - left[static_cast<size_t>(layer)]) * B;
  }
  int64_t padded_rows() const { return before + rows + after; }
  // Rows are divided into blocks small enough for the cache and for every thread to have some.
  int blocks() const;
  Block block(int index) const;

 private:
  int64_t block_rows_;
};

// [count][padded_rows][columns] with the zeros around the rows in place; mirrored for gradients,
// which go the taps' way back.
enum class Padding { kPlain, kMirrored };
Tensor padded_activations(const WavenetSizes& sizes, int64_t count, int64_t columns,
                          Padding padding = Padding::kPlain);

// Matrices that are brought in order for the products by all threads.
class MatrixPacking {
 public:
  explicit MatrixPacking(Operands operands) : operands_(operands) {}
  // Element [k, j] of the matrix is from[k * depth_stride + j * column_stride].
  const PackedMatrix* add(const float* from, int64_t depth, int64_t columns, int64_t depth_stride,
                          int64_t column_stride);
  int pieces() const { return static_cast<int>(pieces_.size()); }
  void run(int piece) const;

 private:
  struct Piece {
    PackedMatrix* packed;
    const float* from;
    int64_t depth_stride, column_stride, first, last;
  };
  const Operands operands_;
  std::vector<std::unique_ptr<PackedMatrix>> all_;
  std::vector<Piece> pieces_;
};

// What a layer's products take.
struct LayerMatrices {
  std::vector<const PackedMatrix*> taps;
  const PackedMatrix *cond, *residual, *skip;
};

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
// Matrix products and convolutions along time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/aligned.hpp"

namespace glowvox::engine {

// float: 4 bytes; bfloat16: 2 bytes, products summed in float.
enum class DType { kFloat32, kBfloat16 };

// How weights lie in memory that are multiplied with float activations: what is not float is
// widened on its way into the product, which is exact. kInt8: whole numbers from -127 to 127, to
// which weights are rounded when they are packed, and a scale for each output.
enum class Storage { kFloat32, kHalf, kBfloat16, kInt8 };

inline std::size_t bytes_of(DType dtype) { return dtype == DType::kFloat32 ? 4 : 2; }

// y[t][n] = sum over taps k and inputs i of weight[n][k][i] * x[t + k * dilation][i], with rows
// [taps][in] that are made when they are asked for: a model's weights pass through the caches once
// on their way from the file to where they are packed.
struct MatrixRows {
  int out = 0, taps = 1, in = 0;
  std::function<void(int n, float* row)> row;
  // A precision that holds the rows' values exactly, or kInt8, to which they are rounded.
  Storage stored = Storage::kFloat32;

  std::size_t row_size() const { return static_cast<std::size_t>(taps) * in; }
};

// The same in memory.
struct Matrix {
  int out = 0, taps = 1, in = 0;
  std::vector<float> weight;  // [out][taps][in]

  Matrix() = default;
  Matrix(int outputs, int kernel, int inputs)
      : out(outputs),
        taps(kernel),
        in(inputs),
        weight(static_cast<std::size_t>(outputs) * kernel * inputs) {}
  explicit Matrix(const MatrixRows& rows) : Matrix(rows.out, rows.taps, rows.in) {
    for (int n = 0; n < out; ++n) rows.row(n, &at(n, 0, 0));
  }
  // Refers to this one; stored: a precision that holds its values exactly.
  MatrixRows rows(Storage stored = Storage::kFloat32) const;
  float& at(int n, int k, int i) {
    return weight[(static_cast<std::size_t>(n) * taps + k) * in + i];
  }
  float at(int n, int k, int i) const {
    return weight[(static_cast<std::size_t>(n) * taps + k) * in + i];
  }
};

// How far rows lie apart, in elements.
struct Layout {
  int x_row = 0;
  std::int64_t x_tap = 0;  // from one tap's row to the next tap's: dilation * x_row
  int y_row = 0;
};

// What becomes of the sums that stand where a product's are written.
enum class Write { kReplace, kAdd };

// Whose kernel multiplies: the engine's own (panels.hpp), LIBXSMM's (xsmm.hpp), Intel's tiles
// (amx.hpp), or which of them is the fastest here. LIBXSMM has none for weights that are stored in
// less than the size of their activations, nor on every processor, and tiles are for bfloat16 and
// some numbers of inputs: the engine's own stands in. Tiles that are asked for where the processor
// has none are done without, slowly.
enum class Kernel { kFastest, kOwn, kLibxsmm, kTiles };

// Whether products with half-stored weights are measured to be as fast here as with float ones, or
// faster (bench_kernel): the fewer bytes count for more than the widening.
bool narrow_weights_are_faster();

// Generated kernels for one block of columns: see xsmm.hpp.
struct BlockKernels {
  using Any = void (*)();
  static constexpr int kRowSizes = 3;
  Any of[2 /* Write */][kRowSizes] = {};
  bool any() const { return of[0][0] != nullptr; }
};

// A matrix packed for one layout. Bit for bit the same result however rows are grouped: the own
// kernel and tiles sum in one order, and so does LIBXSMM for all row counts, except in blocks of a
// single vector of columns, of which there are none.
class Product {
 public:
  Product() = default;
  // dtype: of the activations; weights of float activations are kept as matrix.stored says.
  Product(const MatrixRows& matrix, DType dtype, const Layout& layout,
          Kernel kernel = Kernel::kFastest);
  Product(const Matrix& matrix, DType dtype, const Layout& layout, Kernel kernel = Kernel::kFastest)
      : Product(matrix.rows(), dtype, layout, kernel) {}

  // x: the row of the first output's first tap, of the product's type; y: [rows][y_row], the
  // first padded(out) columns of every row are replaced, or added to.
  void run(const void* x, float* y, int rows, Write write = Write::kReplace) const;
  // The same of rows that were gathered: every tap's in a plane of its own, rows of x_row()
  // elements, `plane` elements from one tap's to the next tap's.
  void run_planes(const void* x, std::int64_t plane, float* y, int rows,
                  Write write = Write::kReplace) const;

  int out() const { return out_; }
  int taps() const { return taps_; }
  int x_row() const { return layout_.x_row; }
  int y_row() const { return layout_.y_row; }
  std::int64_t x_tap() const { return layout_.x_tap; }
  // Elements of an input row that are read, those that fill it up to whole vectors included.
  int row_elements() const { return std::min(padded(in_), layout_.x_row); }
  DType dtype() const { return dtype_; }
  bool by_libxsmm() const { return kernel_ == Kernel::kLibxsmm; }
  bool by_tiles() const { return kernel_ == Kernel::kTiles; }
  std::size_t packed_bytes() const { return packed_.size(); }

 private:
  static constexpr int kWidths = 3;  // LIBXSMM's blocks of 64, 48 and 32 columns
  Kernel choose(Kernel asked);
  bool prepare_libxsmm();
  int block_columns(int first) const;
  void run_blocks(int first_tap, int taps, const void* x, float* y, int rows, Write write) const;
  void pack(const MatrixRows& matrix);
  void multiply(const Layout& layout, const void* x, float* y, int rows, Write write) const;

  int out_ = 0, taps_ = 0, in_ = 0;  // in_: even for bfloat16
  DType dtype_ = DType::kFloat32;
  Storage stored_ = Storage::kFloat32;
  Layout layout_;
  AlignedBytes packed_;           // panels or blocks of columns
  std::vector<float> scales_;     // [padded(out)], of int8 weights
  Kernel kernel_ = Kernel::kOwn;  // never kFastest
  BlockKernels kernels_[kWidths];
};

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
#include "engine/product.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/instruction_set.hpp"
#include "engine/kernels.hpp"
#include "engine/xsmm.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

constexpr int kWidth[] = {64, 48, 32};  // columns of a block
constexpr int kPacked = 16;             // outputs packed together; divides every width

// Which width the block has that begins `remaining` columns before the end: 64, and what is left as
// 64, 48, 32 or 48 + 32.
int width_index(int remaining) {
  if (remaining == 80 || remaining == 48) return 1;
  return remaining >= 64 ? 0 : 2;
}

}  // namespace

bool has_bfloat16_products() {
  return xsmm::is_built_in() && instruction_set() == InstructionSet::kAvx512Bf16;
}

MatrixRows Matrix::rows() const {
  return {out, taps, in, [this](int n, float* row) {
            std::copy_n(&weight[static_cast<std::size_t>(n) * taps * in],
                        static_cast<std::size_t>(taps) * in, row);
          }};
}

Product::Product(const MatrixRows& matrix, DType dtype, const Layout& layout)
    : out_(matrix.out),
      taps_(matrix.taps),
      in_(dtype == DType::kBfloat16 ? (matrix.in + 1) / 2 * 2 : matrix.in),
      dtype_(dtype),
      layout_(layout) {
  if (dtype == DType::kBfloat16 && !has_bfloat16_products())
    throw Error("precision", "bfloat16 needs LIBXSMM and a processor with AVX-512 BF16",
                "use fp32");
  const std::int64_t tap_bytes = layout.x_tap * 4;
  const std::int64_t block_bytes = std::int64_t{kWidth[0]} * in_ * 4;
  if (std::max(tap_bytes, block_bytes) > std::numeric_limits<int>::max())
    throw Error("engine", fmt::format("a convolution of {} inputs is too large", in_),
                "use a smaller width");
  pack(matrix);
  prepare_kernels();
}

// Blocks of columns, each [taps][in][columns]; for bfloat16 pairs of inputs lie together,
// [taps][in / 2][columns][2]. Either way a block's rows are transposed, in words of 4 bytes.
void Product::pack(const MatrixRows& matrix) {
  const std::size_t inputs = static_cast<std::size_t>(taps_) * in_;
  const std::size_t words = inputs * bytes_of(dtype_) / sizeof(std::uint32_t);
  packed_ = AlignedBytes(padded(out_) * words * sizeof(std::uint32_t),
                         AlignedBytes::Contents::kUndefined);
  std::vector<float> made(matrix.row_size()), row(inputs);
  std::vector<std::uint32_t> rows(kPacked * words);
  for (int first = 0, columns = 0; first < padded(out_); first += columns) {
    columns = kWidth[width_index(padded(out_) - first)];
    auto* block = reinterpret_cast<std::uint32_t*>(packed_.data()) + first * words;
    for (int j = 0; j < columns; j += kPacked) {
      for (int i = 0; i < kPacked; ++i) {
        std::uint32_t* to = &rows[static_cast<std::size_t>(i) * words];
        const int n = first + j + i;
        if (n >= out_) {
          std::fill_n(to, words, 0U);
        } else if (dtype_ == DType::kFloat32) {
          matrix.row(n, reinterpret_cast<float*>(to));
        } else {
          matrix.row(n, made.data());
          for (int k = 0; k < taps_; ++k)
            std::copy_n(&made[static_cast<std::size_t>(k) * matrix.in], matrix.in,
                        &row[static_cast<std::size_t>(k) * in_]);
          to_bfloat16(row.data(), inputs, reinterpret_cast<std::uint16_t*>(to));
        }
      }
      transpose(rows.data(), kPacked, static_cast<int>(words), block + j, columns);
    }
  }
}

void Product::prepare_kernels() {
  for (int first = 0; first < padded(out_);) {
    const int width = width_index(padded(out_) - first);
    kernels_[width] = xsmm::kernels({kWidth[width], in_, dtype_}, layout_);
    if (dtype_ == DType::kBfloat16 && !kernels_[width].any())
      throw Error("precision", "LIBXSMM has no bfloat16 kernel here", "use fp32");
    first += kWidth[width];
  }
}

void Product::run(const void* x, float* y, int rows, Write write) const {
  for (int first = 0, columns = 0; first < padded(out_); first += columns) {
    const int width = width_index(padded(out_) - first);
    columns = kWidth[width];
    const char* a =
        packed_.data() + static_cast<std::size_t>(first) * taps_ * in_ * bytes_of(dtype_);
    if (kernels_[width].any())
      xsmm::run(kernels_[width], {columns, in_, dtype_}, layout_, taps_, a,
                static_cast<const char*>(x), y + first, rows, write);
    else
      run_plain(a, static_cast<const char*>(x), {y + first, rows, layout_.y_row}, columns, write);
  }
}

// Where LIBXSMM generates no code.
void Product::run_plain(const char* a, const char* x, RowsView rows, int columns,
                        Write write) const {
  for (std::int64_t r = 0; r < rows.count; ++r) {
    float* y = rows.row(r);
    if (write == Write::kReplace) std::fill(y, y + columns, 0.0F);
    const auto* weight = reinterpret_cast<const float*>(a);
    for (int k = 0; k < taps_; ++k) {
      const float* row = reinterpret_cast<const float*>(x) + r * layout_.x_row + k * layout_.x_tap;
      for (int i = 0; i < in_; ++i, weight += columns)
        for (int j = 0; j < columns; ++j) y[j] += row[i] * weight[j];
    }
  }
}

}  // namespace glowvox::engine

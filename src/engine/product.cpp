// SPDX-License-Identifier: MIT
#include "engine/product.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/amx.hpp"
#include "engine/conversions.hpp"
#include "engine/instruction_set.hpp"
#include "engine/panels.hpp"
#include "engine/xsmm.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

constexpr int kWidth[] = {64, 48, 32};  // columns of LIBXSMM's blocks; kPanel divides them all

// Which width the block has that begins `remaining` columns before the end: 64, and what is left as
// 64, 48, 32 or 48 + 32.
int width_index(int remaining) {
  if (remaining == 80 || remaining == 48) return 1;
  return remaining >= 64 ? 0 : 2;
}

constexpr float kMostInt8 = 127.0F;

std::size_t bytes_of(Storage stored) {
  switch (stored) {
    case Storage::kFloat32:
      return 4;
    case Storage::kInt8:
      return 1;
    default:
      return 2;
  }
}

// What the row is to be multiplied by once its values are whole numbers from -127 to 127.
float round_to_int8(float* row, std::size_t size) {
  float largest = 0.0F;
  for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, std::fabs(row[i]));
  if (largest == 0.0F) return 0.0F;
  const float scale = largest / kMostInt8;
  for (std::size_t i = 0; i < size; ++i)
    row[i] = std::clamp(std::round(row[i] / scale), -kMostInt8, kMostInt8);
  return scale;
}

void store(const std::vector<float>& values, Storage stored, char* to) {
  switch (stored) {
    case Storage::kHalf:
      return to_half(values.data(), values.size(), reinterpret_cast<std::uint16_t*>(to));
    case Storage::kBfloat16:
      return to_bfloat16(values.data(), values.size(), reinterpret_cast<std::uint16_t*>(to));
    default:
      std::transform(values.begin(), values.end(), reinterpret_cast<std::int8_t*>(to),
                     [](float value) { return static_cast<std::int8_t>(value); });
  }
}

// bench_kernel: on AVX2, and AVX-512 without bf16, the own kernel is as fast or faster over a whole
// model's products. With bf16 it has not been measured.
bool libxsmm_is_faster() {
  return instruction_set() == InstructionSet::kAvx512Bf16 ||
         instruction_set() == InstructionSet::kAmx;
}

}  // namespace

bool narrow_weights_are_faster() {
  const InstructionSet set = instruction_set();
  return set == InstructionSet::kAvx2 || set == InstructionSet::kAvx512;
}

MatrixRows Matrix::rows(Storage stored) const {
  return {out, taps, in,
          [this](int n, float* row) {
            std::copy_n(&weight[static_cast<std::size_t>(n) * taps * in],
                        static_cast<std::size_t>(taps) * in, row);
          },
          stored};
}

Product::Product(const MatrixRows& matrix, DType dtype, const Layout& layout, Kernel kernel)
    : out_(matrix.out),
      taps_(matrix.taps),
      in_(dtype == DType::kBfloat16 ? (matrix.in + 1) / 2 * 2 : matrix.in),
      dtype_(dtype),
      stored_(dtype == DType::kBfloat16 ? Storage::kBfloat16 : matrix.stored),
      layout_(layout) {
  const std::int64_t tap_bytes = layout.x_tap * 4;
  const std::int64_t block_bytes = std::int64_t{kWidth[0]} * in_ * 4;
  if (std::max(tap_bytes, block_bytes) > std::numeric_limits<int>::max())
    throw Error("engine", fmt::format("a convolution of {} inputs is too large", in_),
                "use a smaller width");
  kernel_ = choose(kernel);
  pack(matrix);
}

Kernel Product::choose(Kernel asked) {
  const bool fastest = asked == Kernel::kFastest;
  const bool tiles =
      asked == Kernel::kTiles || (fastest && instruction_set() == InstructionSet::kAmx);
  if (tiles && dtype_ == DType::kBfloat16 && in_ % amx::kLeastInputs == 0) return Kernel::kTiles;
  const bool possible = dtype_ == DType::kBfloat16 || stored_ == Storage::kFloat32;
  const bool libxsmm = asked == Kernel::kLibxsmm || (fastest && libxsmm_is_faster());
  return possible && libxsmm && prepare_libxsmm() ? Kernel::kLibxsmm : Kernel::kOwn;
}

// Whether LIBXSMM has a kernel for every block.
bool Product::prepare_libxsmm() {
  for (int first = 0; first < padded(out_);) {
    const int width = width_index(padded(out_) - first);
    kernels_[width] = xsmm::kernels({kWidth[width], in_, dtype_}, layout_);
    if (!kernels_[width].any()) return false;
    first += kWidth[width];
  }
  return true;
}

int Product::block_columns(int first) const {
  const int remaining = padded(out_) - first;
  if (by_tiles()) return std::min(remaining, amx::kBlock);
  return by_libxsmm() ? kWidth[width_index(remaining)] : kPanel;
}

// Blocks of columns, each [taps][in][columns]; for bfloat16 activations pairs of inputs lie
// together, [taps][in / 2][columns][2]. Either way a block's rows are transposed, in words of 4
// bytes; weights that are stored in less are narrowed after that.
void Product::pack(const MatrixRows& matrix) {
  const std::size_t inputs = static_cast<std::size_t>(taps_) * in_;
  const bool pairs = dtype_ == DType::kBfloat16;
  const bool narrow = !pairs && stored_ != Storage::kFloat32;
  const std::size_t words = pairs ? inputs / 2 : inputs;
  const std::size_t word_bytes = narrow ? bytes_of(stored_) : 4;
  if (stored_ == Storage::kInt8) scales_.resize(static_cast<std::size_t>(padded(out_)));
  packed_ = AlignedBytes(padded(out_) * words * word_bytes, AlignedBytes::Contents::kUndefined);
  std::vector<float> made(matrix.row_size()), row(inputs);
  std::vector<std::uint32_t> rows(kPanel * words);
  std::vector<float> panel(narrow ? kPanel * words : 0);
  for (int first = 0, columns = 0; first < padded(out_); first += columns) {
    columns = block_columns(first);
    char* block = packed_.data() + static_cast<std::size_t>(first) * words * word_bytes;
    for (int j = 0; j < columns; j += kPanel) {
      for (int i = 0; i < kPanel; ++i) {
        std::uint32_t* to = &rows[static_cast<std::size_t>(i) * words];
        const int n = first + j + i;
        if (n >= out_) {
          std::fill_n(to, words, 0U);
        } else if (!pairs) {
          auto* values = reinterpret_cast<float*>(to);
          matrix.row(n, values);
          if (stored_ == Storage::kInt8)
            scales_[static_cast<std::size_t>(n)] = round_to_int8(values, words);
        } else {
          matrix.row(n, made.data());
          for (int k = 0; k < taps_; ++k)
            std::copy_n(&made[static_cast<std::size_t>(k) * matrix.in], matrix.in,
                        &row[static_cast<std::size_t>(k) * in_]);
          to_bfloat16(row.data(), inputs, reinterpret_cast<std::uint16_t*>(to));
        }
      }
      std::uint32_t* to = narrow ? reinterpret_cast<std::uint32_t*>(panel.data())
                                 : reinterpret_cast<std::uint32_t*>(block) + j;
      transpose(rows.data(), kPanel, static_cast<int>(words), to, narrow ? kPanel : columns);
      if (narrow) store(panel, stored_, block);
    }
  }
}

void Product::run(const void* x, float* y, int rows, Write write) const {
  if (by_libxsmm()) return run_blocks(0, taps_, x, y, rows, write);
  multiply(layout_, x, y, rows, write);
}

void Product::multiply(const Layout& layout, const void* x, float* y, int rows, Write write) const {
  if (by_tiles())
    return amx::multiply({packed_.data(), padded(out_), taps_, in_}, layout, x, y, rows, write);
  multiply_panels(
      {packed_.data(), padded(out_) / kPanel, taps_, in_, dtype_, stored_, layout, scales_.data()},
      x, y, rows, write);
}

// LIBXSMM's kernels know one distance between taps: here it is given each tap by itself. The sums
// are made in the same order, and are floats between two taps either way.
void Product::run_planes(const void* x, std::int64_t plane, float* y, int rows, Write write) const {
  if (!by_libxsmm()) {
    Layout layout = layout_;
    layout.x_tap = plane;
    return multiply(layout, x, y, rows, write);
  }
  const auto plane_bytes = plane * static_cast<std::int64_t>(bytes_of(dtype_));
  for (int k = 0; k < taps_; ++k)
    run_blocks(k, 1, static_cast<const char*>(x) + k * plane_bytes, y, rows,
               k == 0 ? write : Write::kAdd);
}

void Product::run_blocks(int first_tap, int taps, const void* x, float* y, int rows,
                         Write write) const {
  for (int first = 0, columns = 0; first < padded(out_); first += columns) {
    const int width = width_index(padded(out_) - first);
    columns = kWidth[width];
    const std::size_t inputs =
        static_cast<std::size_t>(first) * taps_ + static_cast<std::size_t>(first_tap) * columns;
    const char* block = packed_.data() + inputs * in_ * bytes_of(dtype_);
    xsmm::run(kernels_[width], {columns, in_, dtype_}, layout_, taps, block,
              static_cast<const char*>(x), y + first, rows, write);
  }
}

}  // namespace glowvox::engine

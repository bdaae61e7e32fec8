// SPDX-License-Identifier: MIT
#include "engine/product.hpp"

#include <fmt/format.h>
#include <libxsmm.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <mutex>

#include "engine/instruction_set.hpp"
#include "engine/kernels.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

constexpr int kWidth[] = {64, 48, 32};  // columns of a block
constexpr int kRows[] = {64, 8, 1};     // rows of the kernels
constexpr int kPacked = 16;             // outputs packed together; divides every width

void initialize_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    // LIBXSMM asks every OpenMP runtime of the program, and of those that it starts, to bind its
    // threads. That is not ours to ask.
    const bool bound = std::getenv("OMP_PROC_BIND") != nullptr;
    libxsmm_init();
    if (!bound) ::unsetenv("OMP_PROC_BIND");
    switch (instruction_set()) {
      case InstructionSet::kAvx512Bf16:
        libxsmm_set_target_archid(LIBXSMM_X86_AVX512_CPX);
        break;
      case InstructionSet::kAvx512:
        libxsmm_set_target_archid(LIBXSMM_X86_AVX512_CORE);
        break;
      case InstructionSet::kAvx2:
        libxsmm_set_target_archid(LIBXSMM_X86_AVX2);
        break;
      case InstructionSet::kPlain:
        libxsmm_set_target_archid(LIBXSMM_TARGET_ARCH_GENERIC);
        break;
    }
  });
}

// Which width the block has that begins `remaining` columns before the end: 64, and what is left as
// 64, 48, 32 or 48 + 32.
int width_index(int remaining) {
  if (remaining == 80 || remaining == 48) return 1;
  return remaining >= 64 ? 0 : 2;
}

using FloatKernel = libxsmm_smmfunction_reducebatch_strd;
using Bfloat16Kernel = libxsmm_bsmmfunction_reducebatch_strd;
using AnyKernel = void (*)();

}  // namespace

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
  initialize_library();
  if (dtype == DType::kBfloat16 && instruction_set() != InstructionSet::kAvx512Bf16)
    throw Error("precision", "bfloat16 needs a processor with AVX-512 BF16", "use fp32");
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

// LIBXSMM is column-major: our rows are its columns (n), our columns its rows (m).
void Product::prepare_kernels() {
  if (instruction_set() == InstructionSet::kPlain) return;
  const auto item = static_cast<int>(bytes_of(dtype_));
  bool used[kWidths] = {};
  for (int first = 0; first < padded(out_);) {
    const int width = width_index(padded(out_) - first);
    used[width] = true;
    first += kWidth[width];
  }
  for (int width = 0; width < kWidths; ++width) {
    if (!used[width]) continue;
    const int columns = kWidth[width];
    for (int add = 0; add < 2; ++add) {
      const float alpha = 1.0F;
      const auto beta = static_cast<float>(add);
      const int a_bytes = columns * in_ * item, x_bytes = static_cast<int>(layout_.x_tap) * item;
      for (int size = 0; size < kRowSizes; ++size) {
        AnyKernel kernel = nullptr;
        if (dtype_ == DType::kFloat32) {
          const int flags = LIBXSMM_GEMM_FLAG_NONE;
          kernel = reinterpret_cast<AnyKernel>(libxsmm_smmdispatch_reducebatch_strd(
              columns, kRows[size], in_, a_bytes, x_bytes, &columns, &layout_.x_row, &layout_.y_row,
              &alpha, &beta, &flags, nullptr));
        } else {
          const int flags = LIBXSMM_GEMM_FLAG_VNNI_A;
          kernel = reinterpret_cast<AnyKernel>(libxsmm_bsmmdispatch_reducebatch_strd(
              columns, kRows[size], in_, a_bytes, x_bytes, &columns, &layout_.x_row, &layout_.y_row,
              &alpha, &beta, &flags, nullptr));
          if (kernel == nullptr)
            throw Error("precision", "LIBXSMM has no bfloat16 kernel here", "use fp32");
        }
        kernels_[width][add][size] = kernel;
      }
    }
  }
}

void Product::run(const void* x, float* y, int rows, Write write) const {
  const std::size_t item = bytes_of(dtype_);
  for (int first = 0, columns = 0; first < padded(out_); first += columns) {
    const int width = width_index(padded(out_) - first);
    columns = kWidth[width];
    const char* a = packed_.data() + static_cast<std::size_t>(first) * taps_ * in_ * item;
    const AnyKernel* kernels = kernels_[width][write == Write::kAdd ? 1 : 0];
    if (std::any_of(kernels, kernels + kRowSizes, [](AnyKernel k) { return k == nullptr; })) {
      run_plain(a, static_cast<const char*>(x), {y + first, rows, layout_.y_row}, columns, write);
      continue;
    }
    int done = 0;
    for (int size = 0; size < kRowSizes; ++size) {
      for (; done + kRows[size] <= rows; done += kRows[size]) {
        const char* from = static_cast<const char*>(x) + done * item * layout_.x_row;
        float* to = y + first + static_cast<std::size_t>(done) * layout_.y_row;
        const unsigned long long taps = static_cast<unsigned long long>(taps_);
        if (dtype_ == DType::kFloat32)
          reinterpret_cast<FloatKernel>(kernels[size])(
              reinterpret_cast<const float*>(a), reinterpret_cast<const float*>(from), to, &taps);
        else
          reinterpret_cast<Bfloat16Kernel>(kernels[size])(
              reinterpret_cast<const libxsmm_bfloat16*>(a),
              reinterpret_cast<const libxsmm_bfloat16*>(from), to, &taps);
      }
    }
  }
}

// For processors that LIBXSMM generates no code for.
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

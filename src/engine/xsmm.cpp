// SPDX-License-Identifier: MIT
#include "engine/xsmm.hpp"

#include <libxsmm.h>

#include <cstdlib>
#include <mutex>

#include "engine/instruction_set.hpp"

namespace glowvox::engine::xsmm {

namespace {

constexpr int kRows[BlockKernels::kRowSizes] = {64, 8, 1};

using FloatKernel = libxsmm_smmfunction_reducebatch_strd;
using Bfloat16Kernel = libxsmm_bsmmfunction_reducebatch_strd;

// What LIBXSMM generates code for. Generic: nothing.
int target() {
  switch (instruction_set()) {
    case InstructionSet::kAvx512Bf16:
    case InstructionSet::kAmx:
      return LIBXSMM_X86_AVX512_CPX;
    case InstructionSet::kAvx512:
      return LIBXSMM_X86_AVX512_CORE;
    case InstructionSet::kAvx2:
      return LIBXSMM_X86_AVX2;
    default:
      return LIBXSMM_TARGET_ARCH_GENERIC;
  }
}

void initialize_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    // LIBXSMM asks every OpenMP runtime of the program, and of those that it starts, to bind its
    // threads. That is not ours to ask.
    const bool bound = std::getenv("OMP_PROC_BIND") != nullptr;
    libxsmm_init();
    if (!bound) ::unsetenv("OMP_PROC_BIND");
    libxsmm_set_target_archid(target());
  });
}

}  // namespace

// LIBXSMM is column-major: our rows are its columns (n), our columns its rows (m).
BlockKernels kernels(const Block& block, const Layout& layout) {
  BlockKernels made;
  if (target() == LIBXSMM_TARGET_ARCH_GENERIC) return made;
  // Where the processor has no such product its code sums in another order for other numbers of
  // rows.
  if (block.dtype == DType::kBfloat16 && !has_bfloat16_products()) return made;
  initialize_library();
  const auto item = static_cast<int>(bytes_of(block.dtype));
  const int a_bytes = block.columns * block.in * item;
  const int x_bytes = static_cast<int>(layout.x_tap) * item;
  for (int add = 0; add < 2; ++add) {
    const float alpha = 1.0F;
    const auto beta = static_cast<float>(add);
    for (int size = 0; size < BlockKernels::kRowSizes; ++size) {
      if (block.dtype == DType::kFloat32) {
        const int flags = LIBXSMM_GEMM_FLAG_NONE;
        made.of[add][size] =
            reinterpret_cast<BlockKernels::Any>(libxsmm_smmdispatch_reducebatch_strd(
                block.columns, kRows[size], block.in, a_bytes, x_bytes, &block.columns,
                &layout.x_row, &layout.y_row, &alpha, &beta, &flags, nullptr));
      } else {
        const int flags = LIBXSMM_GEMM_FLAG_VNNI_A;
        made.of[add][size] =
            reinterpret_cast<BlockKernels::Any>(libxsmm_bsmmdispatch_reducebatch_strd(
                block.columns, kRows[size], block.in, a_bytes, x_bytes, &block.columns,
                &layout.x_row, &layout.y_row, &alpha, &beta, &flags, nullptr));
      }
      if (made.of[add][size] == nullptr) return {};
    }
  }
  return made;
}

void run(const BlockKernels& kernels, const Block& block, const Layout& layout, int taps,
         const char* weights, const char* x, float* y, int rows, Write write) {
  const std::size_t row_bytes = bytes_of(block.dtype) * static_cast<std::size_t>(layout.x_row);
  const auto count = static_cast<unsigned long long>(taps);
  int done = 0;
  for (int size = 0; size < BlockKernels::kRowSizes; ++size) {
    const BlockKernels::Any kernel = kernels.of[write == Write::kAdd ? 1 : 0][size];
    for (; done + kRows[size] <= rows; done += kRows[size]) {
      const char* from = x + static_cast<std::size_t>(done) * row_bytes;
      float* to = y + static_cast<std::ptrdiff_t>(done) * layout.y_row;
      if (block.dtype == DType::kFloat32)
        reinterpret_cast<FloatKernel>(kernel)(reinterpret_cast<const float*>(weights),
                                              reinterpret_cast<const float*>(from), to, &count);
      else
        reinterpret_cast<Bfloat16Kernel>(kernel)(reinterpret_cast<const libxsmm_bfloat16*>(weights),
                                                 reinterpret_cast<const libxsmm_bfloat16*>(from),
                                                 to, &count);
    }
  }
}

}  // namespace glowvox::engine::xsmm

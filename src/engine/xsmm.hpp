// SPDX-License-Identifier: MIT
// Products by LIBXSMM's generated kernels: for x86-64, and an option of the build (GLOWVOX_XSMM).
// A build without it has none: xsmm_none.cpp.
#pragma once

#include "engine/product.hpp"

namespace glowvox::engine::xsmm {

// The kernels of a block of columns whose weights lie as [taps][in][columns], or for bfloat16
// [taps][in / 2][columns][2]. All null where LIBXSMM generates none.
struct Block {
  int columns = 0, in = 0;
  DType dtype = DType::kFloat32;
};
BlockKernels kernels(const Block& block, const Layout& layout);

// y[rows][columns] = the block's sums, or added to them. kernels: of `block`, none null.
void run(const BlockKernels& kernels, const Block& block, const Layout& layout, int taps,
         const char* weights, const char* x, float* y, int rows, Write write);

}  // namespace glowvox::engine::xsmm

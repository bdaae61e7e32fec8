// SPDX-License-Identifier: MIT
// Products of bfloat16 by Intel's tiles (AMX): sums of 16 rows by 16 columns in a register, to
// which an instruction adds 32 inputs of each.
#pragma once

#include "engine/product.hpp"

namespace glowvox::engine::amx {

// Whether this processor has tiles of bfloat16, this system gives them to the process, and a
// product by them is right. Asked once.
bool available();

// Columns of a block, the last of which may be narrower.
constexpr int kBlock = 32;
// Inputs are multiplied 32 at a time, or 16: others have no product by tiles.
constexpr int kLeastInputs = 16;

// Weights in blocks of columns one after the other, each [taps][in / 2][columns][2].
struct Weights {
  const char* blocks = nullptr;
  int columns = 0;       // of all blocks: a multiple of 16
  int taps = 1, in = 0;  // in: a multiple of kLeastInputs
};

// y[rows][columns] = the sums over taps and inputs, or added to what is there. Every sum is made in
// one order whatever the number of rows. x: the row of the first output's first tap, bfloat16.
// By the processor's tiles where it is available(), else by the same steps without them, slowly.
void multiply(const Weights& weights, const Layout& layout, const void* x, float* y, int rows,
              Write write);

}  // namespace glowvox::engine::amx

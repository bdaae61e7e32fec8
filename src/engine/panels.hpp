// SPDX-License-Identifier: MIT
// The engine's own matrix product: a few rows of activations against weights packed in panels of
// columns, in the instructions of whatever processor it runs on.
#pragma once

#include "engine/aligned.hpp"
#include "engine/product.hpp"

namespace glowvox::engine {

// Columns of a panel: a cache line of float weights for every input.
constexpr int kPanel = kVector;

// Weights [panels][taps][in][kPanel], in the precision that they are stored in; of int8 ones what a
// sum of products is multiplied by, [panels][kPanel]. Activations of
// bfloat16 take bfloat16 weights of which pairs of inputs lie together: [panels][taps][in / 2]
// [kPanel][2].
struct Panels {
  const char* weights = nullptr;
  int count = 0, taps = 1, in = 0;
  DType activations = DType::kFloat32;
  Storage stored = Storage::kFloat32;
  Layout layout;
  const float* scales = nullptr;
};

// y[rows][count * kPanel] = the sums over taps and inputs, or added to what is there. x: the row of
// the first output's first tap, of type `activations`. Every sum is made in one order (taps, then
// inputs), whatever the number of rows.
void multiply_panels(const Panels& panels, const void* x, float* y, int rows, Write write);

}  // namespace glowvox::engine

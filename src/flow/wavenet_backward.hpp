// SPDX-License-Identifier: MIT
// The backward pass of wavenet().
#pragma once

#include "flow/products.hpp"
#include "flow/wavenet_function.hpp"

namespace glowvox::flow {

// What the forward pass leaves for it.
struct WavenetSaved {
  Tensor h;        // [layers, padded rows, H], what each layer reads
  Tensor factors;  // [layers, rows, 2H], tanh and sigmoid of each gate
  Tensor skip;     // [rows, H], what `end` reads
};

struct WavenetGradients {
  Tensor x, features;
  WavenetWeights weights;  // dilation and left unused
};

// grad_out [T, B, out]. The gradient of x is left out where it is not needed. operands: those of
// the forward pass.
WavenetGradients wavenet_backward(const Tensor& x, const Tensor& features,
                                  const WavenetWeights& weights, const WavenetSaved& saved,
                                  const Tensor& grad_out, bool x_needed, Operands operands);

}  // namespace glowvox::flow

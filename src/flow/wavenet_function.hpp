// SPDX-License-Identifier: MIT
// A coupling's whole Wavenet as one differentiable operation, for float on CPUs, whose products
// take operands of bfloat16 under a Bfloat16Guard.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace glowvox::flow {

using torch::Tensor;

struct WavenetLayer {
  Tensor dilated, dilated_bias;    // [2H, K, H], [2H]
  Tensor res_skip, res_skip_bias;  // [2H or (last) H, 1, H]
  int64_t dilation = 1, left = 0;  // tap k reads frame t + k * dilation - left
};

struct WavenetWeights {
  Tensor start, start_bias;  // [H, 1, in], [H]
  Tensor cond, cond_bias;    // [2H * layers, 1, F]
  Tensor end, end_bias;      // [out, 1, H]
  std::vector<WavenetLayer> layers;
};

// Whether wavenet() is the way for these tensors; conv() and gate() take all. With operands of
// bfloat16 (Bfloat16Guard) where the processor has instructions for them.
bool takes_wavenet(const Tensor& x, const Tensor& features);

// x [T, B, in], features [T, B, F] -> [T, B, out]. Rows (time and batch) are worked on in blocks
// that stay in the cache from one product to the next; nothing is unfolded: a tap's operand is a
// range of rows. The same numbers for any number of threads.
Tensor wavenet(const Tensor& x, const Tensor& features, const WavenetWeights& weights);

}  // namespace glowvox::flow

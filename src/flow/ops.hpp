// SPDX-License-Identifier: MIT
// The differentiable operations that carry the work, each with its own backward pass.
#pragma once

#include <torch/torch.h>

namespace glowvox::flow {

using torch::Tensor;

// While one lives, the products inside conv() take bfloat16 operands (oneDNN); sums leave as float.
// Holds for the thread that made it.
class Bf16Guard {
 public:
  explicit Bf16Guard(bool enabled);
  ~Bf16Guard();
  Bf16Guard(const Bf16Guard&) = delete;
  Bf16Guard& operator=(const Bf16Guard&) = delete;
  static bool active();

 private:
  bool before_;
};

// Makes the CPU take the way of every other device, ATen's operators instead of loops of our own:
// for tests.
void use_portable_operators(bool enabled);
bool portable_operators();

// Dilated convolution along time, zero outside the segment.
// x [T, B, Cin], weight [Cout, K, Cin], bias [Cout] -> [T, B, Cout]; tap k reads
// frame t + k * dilation - left. One matrix product over time and batch.
Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t dilation,
            int64_t left);

// tanh(u_1) * sigmoid(u_2) with u = a + c split in halves along the last axis (WaveNet's gate).
// a, c: [..., 2H] -> [..., H].
Tensor gate(const Tensor& a, const Tensor& c);

}  // namespace glowvox::flow

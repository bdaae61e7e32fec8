// SPDX-License-Identifier: MIT
// The differentiable operations that carry the work, each with its own backward pass.
#pragma once

#include <torch/torch.h>

#include <utility>

namespace glowvox::flow {

using torch::Tensor;

// Changes how operations are computed while one lives, for the thread that made it; the innermost
// holds.
template <typename Way>
class WayGuard {
 public:
  explicit WayGuard(bool enabled) : before_(std::exchange(enabled_, enabled)) {}
  ~WayGuard() { enabled_ = before_; }
  WayGuard(const WayGuard&) = delete;
  WayGuard& operator=(const WayGuard&) = delete;
  static bool active() { return enabled_; }

 private:
  static inline thread_local bool enabled_ = false;
  bool before_;
};

// The products inside conv() (by oneDNN) and wavenet() take bfloat16 operands; sums leave as float.
using Bfloat16Guard = WayGuard<struct Bfloat16>;
// The CPU takes the way of every other device: ATen's operators instead of loops of our own.
using PortableGuard = WayGuard<struct Portable>;

// Dilated convolution along time, zero outside the segment.
// x [T, B, Cin], weight [Cout, K, Cin], bias [Cout] -> [T, B, Cout]; tap k reads
// frame t + k * dilation - left. One matrix product over time and batch.
Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t dilation,
            int64_t left);

// tanh(u_1) * sigmoid(u_2) with u = a + c split in halves along the last axis (WaveNet's gate).
// a, c: [..., 2H] -> [..., H].
Tensor gate(const Tensor& a, const Tensor& c);

}  // namespace glowvox::flow

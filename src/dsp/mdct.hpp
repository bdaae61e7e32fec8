// SPDX-License-Identifier: MIT
// The orthonormal lapped transform with a sine window.
#pragma once

#include <cstdint>
#include <vector>

namespace glowvox::dsp {

// MDCT (Princen & Bradley 1987) in its square form: rotations across every block boundary (the
// window's halves folded: time-domain aliasing), then a DCT-IV of each block. The two ends of the
// signal are not rotated, so blocks * coefficients samples map to as many coefficients,
// orthonormally.
class Mdct {
 public:
  explicit Mdct(int coefficients);  // even and >= 2, throws Error otherwise
  int coefficients() const { return coefficients_; }
  // The rising half of the window: sin(pi (n + 1/2) / (2 coefficients)).
  const std::vector<float>& window() const { return window_; }
  // x: [blocks * coefficients] samples -> [blocks][coefficients].
  std::vector<float> forward(const float* x, std::int64_t blocks) const;
  // The inverse (the transpose) of forward.
  std::vector<float> inverse(const float* coefficients, std::int64_t blocks) const;

 private:
  int coefficients_;
  std::vector<float> window_;  // sine window's rising half: sin(pi (n + 1/2) / (2 coefficients))
};

}  // namespace glowvox::dsp

// SPDX-License-Identifier: MIT
// Band-limited values between samples, and low-pass filters: a windowed sinc.
#pragma once

#include <cstdint>
#include <vector>

namespace glowvox::train {

// Smith, Gossett: "A flexible sampling-rate conversion method" (ICASSP 1984), the kernel tabulated
// for this cutoff. Its slope, down to -80 dB, is as wide as 8% of the cutoff.
class Sinc {
 public:
  // cutoff: the middle of its slope, in cycles a sample, up to 0.5; phases: places between two
  // samples that are tabulated (1: values at samples only).
  Sinc(double cutoff, int phases);
  // How many samples it sees on either side of where it stands.
  std::int64_t reach() const { return reach_; }
  // The value at x + fraction, fraction in [0, 1); x[-reach() + 1] to x[reach()] are read (with one
  // phase x[-reach()] to x[reach()]).
  float at(const float* x, double fraction) const;

 private:
  int phases_;
  std::int64_t reach_, taps_;  // taps_: a multiple of the lanes
  std::vector<float> table_;   // [phases + 1, taps]
};

}  // namespace glowvox::train

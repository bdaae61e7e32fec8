// SPDX-License-Identifier: MIT
// What comes next, guessed: of a sound whose samples a lapped transform makes final hop by hop.
#pragma once

#include <cstdint>
#include <vector>

namespace glowvox::dsp {

// The last row of an MDCT with a sine window (Mdct) gives the hop behind its last final sample half
// of what that hop is made of: with w its falling half, x the hop and C its size, w[i] times
//
//   w[i] x[i] + w[C - 1 - i] x[C - 1 - i]    (time-domain aliasing)
//
// which is the shortest x that fits these equations. Here it is the x that fits them and lies
// nearest to what was heard a lag before, times a gain: speech repeats itself. The lag is the one
// that fits both the last final hop and the equations best, by a normalized correlation with each
// (Medan, Yair and Chazan, "Super resolution pitch determination of speech signals", IEEE
// Transactions on Signal Processing 1991), weighted; the gain is the square of that.
class NextHop {
 public:
  // Of the repetition: x[i] is near gain * (the sample `lag`, or twice that and so on, before).
  struct Repetition {
    int lag;
    float gain;
  };

  // Where so many final samples are kept to be read.
  static bool possible(int hop, int sample_rate_hz, std::int64_t kept);
  NextHop(int hop, int sample_rate_hz, std::int64_t kept);
  int reach() const { return most_lag_ + hop_; }                // final samples that are read
  const std::vector<float>& window() const { return window_; }  // its falling half

  // end: behind the last of reach() final samples; ahead: [hop], what the row gives the next ones;
  // room: [hop], to work in.
  Repetition repetition(const float* end, const float* ahead, float* room) const;
  // out: [hop], the guess. May not be ahead itself.
  void guess(const float* end, const float* ahead, float* out) const;

 private:
  int hop_, least_lag_, most_lag_;
  std::vector<float> window_;
};

}  // namespace glowvox::dsp

// SPDX-License-Identifier: MIT
// The clock of a source that does not wait against the clock of the device.
#pragma once

#include <cstdint>

namespace glowvox::live {

// Two clocks drift apart, and what is buffered between them with it. A mel frame left out or played
// twice now and then keeps it where it should be: the vocoder makes the joint, so that there is
// nothing to cross-fade, pitch stays, and every frame between is exact.
class Pace {
 public:
  enum class Step { kPlay, kSkip, kRepeat };

  explicit Pace(double hop_ms) : hop_ms_(hop_ms) {}

  // What to do with the next frame. buffered_ms: what waits for the device now, this frame and
  // others that have arrived included; target_ms: what should; least_ms: with less there will be
  // silence soon.
  Step next(double buffered_ms, double target_ms, double least_ms);
  void restart();  // after a starvation or a pause

  std::int64_t skipped() const { return skipped_; }
  std::int64_t repeated() const { return repeated_; }

 private:
  double hop_ms_;
  double sum_ms_ = 0.0;
  int frames_ = 0;      // in the sum
  int since_skip_ = 0;  // frames played
  std::int64_t skipped_ = 0, repeated_ = 0;
};

}  // namespace glowvox::live

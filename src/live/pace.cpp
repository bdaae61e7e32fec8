// SPDX-License-Identifier: MIT
#include "live/pace.hpp"

#include <algorithm>

namespace glowvox::live {

namespace {
// Frames whose mean is looked at: jitter is gone from it, and a correction each time is 1.5% of
// speed, far more than clocks differ by.
constexpr int kMeanFrames = 64;
constexpr double kSlackHops = 3.0;     // around the target: frames and blocks come in steps
constexpr double kBehindHops = 8.0;    // a writer that stalled and catches up: faster
constexpr int kFramesPerSkip = 3;      // played for each one left out then
constexpr double kFarBehindMs = 1000;  // nobody wants to hear that: all of it is left out
}  // namespace

void Pace::restart() {
  sum_ms_ = 0.0;
  frames_ = 0;
}

Pace::Step Pace::next(double buffered_ms, double target_ms, double least_ms) {
  const double high = target_ms + kSlackHops * hop_ms_;
  const double low = std::min(target_ms, std::max(target_ms / 2.0, least_ms + 2.0 * hop_ms_));
  const bool behind = buffered_ms > high + kBehindHops * hop_ms_;
  sum_ms_ += buffered_ms;
  ++frames_;
  ++since_skip_;
  Step step = Step::kPlay;
  if (behind && (since_skip_ > kFramesPerSkip || buffered_ms > target_ms + kFarBehindMs)) {
    step = Step::kSkip;
  } else if (!behind && frames_ >= kMeanFrames) {
    const double mean_ms = sum_ms_ / frames_;
    if (mean_ms > high) step = Step::kSkip;
    if (mean_ms < low) step = Step::kRepeat;
    restart();
  }
  if (step == Step::kSkip) {
    ++skipped_;
    since_skip_ = 0;
    restart();
  }
  repeated_ += step == Step::kRepeat;
  return step;
}

}  // namespace glowvox::live

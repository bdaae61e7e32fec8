// SPDX-License-Identifier: MIT
#include "dsp/next_frame.hpp"

#include <algorithm>

#include "dsp/natural_log.hpp"

namespace glowvox::dsp {

namespace {

constexpr float kSlope = 0.4F, kCurvature = 0.15F;
// Of the natural logarithm of an amplitude, from frame to frame: the first frame after silence says
// nothing of how the sound goes on.
constexpr double kMostSlope = 2.5;

}  // namespace

NextFrame::NextFrame(const MelSpec& spec)
    : bands_(spec.bands),
      floor_(static_cast<float>(mel_floor(spec))),
      most_slope_(static_cast<float>(kMostSlope / NaturalLog(spec).factor)) {}

void NextFrame::operator()(const float* before, const float* newest, float* guess) const {
  for (int b = 0; b < bands_; ++b) {
    const float value = newest[b];
    const float below = newest[std::max(b - 1, 0)], above = newest[std::min(b + 1, bands_ - 1)];
    const float slope = std::clamp(value - before[b], -most_slope_, most_slope_);
    guess[b] =
        std::max(floor_, value + kSlope * slope + kCurvature * (below + above - 2.0F * value));
  }
}

}  // namespace glowvox::dsp

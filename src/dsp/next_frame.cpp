// SPDX-License-Identifier: MIT
#include "dsp/next_frame.hpp"

#include <algorithm>

namespace glowvox::dsp {

namespace {

constexpr float kSlope = 0.4F, kCurvature = 0.15F;

}  // namespace

void guess_next_frame(const float* before, const float* newest, int bands, float floor,
                      float* guess) {
  for (int b = 0; b < bands; ++b) {
    const float value = newest[b];
    const float below = newest[std::max(b - 1, 0)], above = newest[std::min(b + 1, bands - 1)];
    guess[b] = std::max(
        floor, value + kSlope * (value - before[b]) + kCurvature * (below + above - 2.0F * value));
  }
}

}  // namespace glowvox::dsp

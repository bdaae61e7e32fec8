// SPDX-License-Identifier: MIT
// The mel frame that comes next, guessed.
#pragma once

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// Of a specification with a logarithm, in its own units: the newest frame, a part of its slope in
// time, which counts up to a bound, and a part of its curvature over the bands, which smooths it;
// not below the floor.
class NextFrame {
 public:
  explicit NextFrame(const MelSpec& spec);
  // before: the frame before the newest one. guess: may be neither of them. [bands] each.
  void operator()(const float* before, const float* newest, float* guess) const;

 private:
  int bands_;
  float floor_, most_slope_;
};

}  // namespace glowvox::dsp

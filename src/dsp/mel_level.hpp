// SPDX-License-Identifier: MIT
// How loud the sound of a mel frame is.
#pragma once

#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// The level that a frame's bands tell, by Parseval's theorem: every band's mean magnitude stands
// for the bins of its triangle. What lies above the highest band is not in it, and a pure tone in a
// wide band counts for less than it is: the level is at most that of the sound, within a few dB.
class MelLevel {
 public:
  explicit MelLevel(const MelSpec& spec);
  // Of a frame [bands], as the specification stores it; 1: full scale.
  double rms(const float* frame) const;

 private:
  MelSpec spec_;
  std::vector<double> weights_;  // of a band's squared magnitude
};

}  // namespace glowvox::dsp

// SPDX-License-Identifier: MIT
// Whether a mel frame is one that sound can have.
#pragma once

#include <string>

#include "glowvox/mel.hpp"

namespace glowvox::live {

// The values that a specification allows: from well below its floor, which acoustic models
// undershoot, to above what a full-scale signal reaches. Beyond that a frame is damaged or was made
// by another specification (decibels, no logarithm), and would be a bang in somebody's ears.
class FrameCheck {
 public:
  explicit FrameCheck(const MelSpec& spec);
  // What is wrong with a frame, [bands]; empty: nothing.
  std::string problem(const float* frame) const;
  float lowest() const { return lowest_; }
  float highest() const { return highest_; }
  // Of every band, where nothing sounds.
  float silence() const { return silence_; }

 private:
  int bands_;
  float lowest_ = 0.0F, highest_ = 0.0F, silence_ = 0.0F;
};

}  // namespace glowvox::live

// SPDX-License-Identifier: MIT
// Whether a mel is one that a model can make speech of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dsp/mel_level.hpp"
#include "dsp/mel_statistics.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// No frame of speech is as loud as a sine at full scale: where a mel says so, it was made another
// way, and its sound is noise that hurts.
constexpr double kLoudestRms = 0.7;

struct MelVerdict {
  std::string refusal;   // why it cannot be speech as the model expects it; empty: it can
  std::string probably;  // what it is then
  std::string advice;    // what to do
  std::string warning;   // how it differs from what the model was trained on; empty: it does not
};

// Gathered from a mel in pieces.
class MelJudge {
 public:
  // mean, deviation: of every band in training; empty where nobody knows.
  MelJudge(const MelSpec& spec, std::vector<float> mean, std::vector<float> deviation);
  void add(const Mel& mel);
  std::int64_t frames() const { return statistics_.frames(); }
  MelVerdict verdict() const;

 private:
  std::string impossible() const;
  bool like_training(double factor) const;
  bool is_binary_logarithm() const;
  void say_what_it_is(MelVerdict* verdict) const;

  MelSpec spec_;
  std::vector<float> mean_, deviation_;
  MelLevel level_;
  MelStatistics statistics_;
  float below_floor_;  // values under this are none of an acoustic model's
  float undershot_;    // under this only a few
  std::int64_t loud_ = 0, too_small_ = 0, undershooting_ = 0;  // frames, values, values
  double loudest_ = 0.0;
};

}  // namespace glowvox::dsp

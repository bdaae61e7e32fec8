// SPDX-License-Identifier: MIT
// What keeps a loudspeaker from being louder than its mel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "dsp/mel_level.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::live {

// Turns sound down where its level over about a hop is more than 12 dB above that of the loudest
// mel frame that hears it, and above -50 dB, which hurts nobody. Everything else passes unchanged,
// bit for bit, and nothing is delayed: the level is followed as the samples come.
class Limiter {
 public:
  explicit Limiter(const MelSpec& spec);
  void begin();                       // an utterance
  void push_mel(const float* frame);  // [bands], before the samples that it brings
  // The next samples of the utterance, in place; returns how many were turned down.
  std::int64_t apply(float* samples, std::size_t count);

 private:
  double loudest_at(std::int64_t sample) const;

  dsp::MelLevel level_;
  std::int64_t hop_, centre_, half_window_;
  double follow_, fall_;             // how much of a difference is made up for in a sample
  std::deque<double> levels_;        // of frames from first_ on
  std::int64_t first_ = 0, at_ = 0;  // of levels_; of the next sample
  double power_ = 0.0, limit_ = 0.0, wanted_ = 0.0;
};

}  // namespace glowvox::live

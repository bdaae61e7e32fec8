// SPDX-License-Identifier: MIT
// Sound brought nearer to the mel that it was made from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dsp/mel_analysis.hpp"
#include "dsp/natural_log.hpp"
#include "engine/overlap_add.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::engine {

// The mel of a recording is a function of its samples, and a sample drawn from a model that knows
// the mel only as a condition has another one. Here every frame of a short-time Fourier transform,
// the mel's own, keeps its phases and gets magnitudes times a gain that would turn the mel which it
// has into the one that it should have: the step of Griffin and Lim's iteration ("Signal estimation
// from modified short-time Fourier transform", IEEE TASSP 1984), with bands in place of bins. The
// gain is interpolated between bands in its logarithm, taken kStrength times as far as one band
// alone would need (overlapping frames undo a part of it), and at most kMostGain. Frames that reach
// beyond the sound, whose mel depends on how that is padded, stay as they are.
//
// One pass; several, one after the other, come nearer. Pieces and delay as in OverlapAdd.
class MelCorrection {
 public:
  static constexpr float kStrength = 1.3F;
  static constexpr float kMostGain = 10.0F;

  // Whether frames of this specification overlap enough.
  static bool possible(const MelSpec& spec) { return 2 * spec.hop_samples <= spec.win_samples; }

  // most_frames: that are there before their samples have come; the rest as in OverlapAdd.
  MelCorrection(const MelSpec& spec, std::int64_t most_frames, std::size_t most_samples = 0,
                ThreadTeam* team = nullptr);
  MelCorrection(const MelCorrection&) = delete;  // its frames come back to it
  MelCorrection& operator=(const MelCorrection&) = delete;

  // Frames of the mel, as its specification stores them: those that a sample needs come first.
  void push_mel(const float* frames, std::int64_t count);
  void push(const float* samples, std::size_t count, std::vector<float>* out);
  void finish(std::vector<float>* out) { frames_.finish(out); }  // the rest

 private:
  struct Scratch {
    std::vector<float> magnitudes, mel, gains;  // of one frame
  };
  void correct(const OverlapAdd::Frame& frame);
  std::int64_t frame_of(std::int64_t first_sample) const;

  MelSpec spec_;
  dsp::NaturalLog natural_log_;
  std::shared_ptr<const dsp::MelAnalysis> analysis_;
  // A bin's gain lies between those of two bands: the lower one, and the upper one's share.
  std::vector<int> lower_;
  std::vector<float> share_;
  std::vector<Scratch> scratch_;  // of each thread
  std::vector<float> targets_;    // natural logarithms, from frame first_target_ on
  std::int64_t first_target_ = 0;
  std::int64_t samples_ = 0;  // so far
  OverlapAdd frames_;
};

}  // namespace glowvox::engine

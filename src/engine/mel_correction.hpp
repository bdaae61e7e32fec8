// SPDX-License-Identifier: MIT
// Sound brought nearer to the mel that it was made from.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dsp/natural_log.hpp"
#include "engine/correction_kernels.hpp"
#include "engine/real_fft.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::engine {

// The mel of a recording is a function of its samples, and a sample drawn from a model that knows
// the mel only as a condition has another one. Here every frame of a short-time Fourier transform,
// the mel's own, keeps its phases and gets magnitudes times a gain that would turn the mel which it
// has into the one that it should have: the step of Griffin and Lim's iteration ("Signal estimation
// from modified short-time Fourier transform", IEEE TASSP 1984), with bands in place of bins. The
// gain is interpolated between bands in its logarithm, taken kStrength times as far as one band
// alone would need (overlapping frames undo a part of it), and at most kMostGain.
//
// The iteration runs while the sound passes: as each frame has come, the last `together` of them
// are changed kRounds times over, the newest first, each in the sum of all as it then is and with
// kMomentum of its change before (Perraudin, Balazs and Sondergaard, "A fast Griffin-Lim
// algorithm", WASPAA 2013; Zhu, Beauregard and Wyse, "Real-time signal estimation from modified
// short-time Fourier transform magnitude spectra", IEEE TASLP 2007). So the sound comes out
// delay_samples(spec, together) after it went in, and up to a hop later where pieces are no
// multiples of it. Frames that reach beyond the sound, whose mel depends on how that is padded,
// stay as they are. What all calls append is the same whatever the pieces.
class MelCorrection {
 public:
  static constexpr float kStrength = 1.3F;
  static constexpr float kMomentum = 0.5F;
  static constexpr float kMostGain = 10.0F;
  static constexpr int kRounds = 2;

  // Whether frames of this specification overlap enough.
  static bool possible(const MelSpec& spec) { return 2 * spec.hop_samples <= spec.win_samples; }
  // together: frames, 0 or more.
  static std::int64_t delay_samples(const MelSpec& spec, int together) {
    return together == 0
               ? 0
               : spec.n_fft + (together - 2) * static_cast<std::int64_t>(spec.hop_samples);
  }

  // together: frames, 1 or more. most_frames: of the mel, that are there before their samples have
  // come; most_samples: of a push; more need more memory.
  MelCorrection(const MelSpec& spec, int together, std::int64_t most_frames,
                std::size_t most_samples = 0);

  // Frames of the mel, as its specification stores them: those that a sample needs come first.
  void push_mel(const float* frames, std::int64_t count);
  void push(const float* samples, std::size_t count, std::vector<float>* out);
  void finish(std::vector<float>* out);  // the rest

 private:
  struct Frame {
    std::int64_t first = 0;       // sample
    Eigen::ArrayXf part, change;  // of the sum: its own, and what that was last changed by; [n_fft]
  };
  void arrive(std::int64_t frame);
  void go_round(std::int64_t oldest);
  void change(Frame* frame, const float* target);
  void give(std::int64_t end, std::vector<float>* out);
  std::int64_t first_sample(std::int64_t frame) const { return start_ + frame * spec_.hop_samples; }
  std::int64_t oldest_together() const { return std::max(first_frame_, next_ - together_); }

  MelSpec spec_;
  std::int64_t together_, start_;  // start_: first sample of frame 0; may lie before the sound
  std::int64_t first_frame_;       // that lies inside it
  dsp::NaturalLog natural_log_;
  BandFilters filters_;
  GainRule rule_;
  RealFft fft_;
  // Times which a frame's samples are its part of the sum at first, the sum is what the transform
  // takes, and what the transform gives is the frame's part. [n_fft] each.
  Eigen::ArrayXf at_first_, in_, out_;
  std::vector<float> norm_, inverse_norm_;  // what at_first_ adds up to over all frames: [hop]
  // A bin's gain lies between those of two bands: the lower one, and the upper one's share.
  std::vector<int> lower_;
  std::vector<float> share_;
  std::vector<float> band_gains_, magnitudes_;  // of one frame
  std::vector<Frame> frames_;                   // frame t in place t % together
  std::vector<float> targets_;                  // natural logarithms, from frame first_target_ on
  std::int64_t first_target_ = 0;
  // From sample begin_ on: the sound as it came, and the frames' parts, added up.
  std::vector<float> sound_, sum_;
  std::int64_t begin_ = 0, taken_ = 0, given_ = 0;  // samples
  std::int64_t next_;                               // frame
};

}  // namespace glowvox::engine

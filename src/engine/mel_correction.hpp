// SPDX-License-Identifier: MIT
// Sound brought nearer to the mel that it was made from.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dsp/correction_rule.hpp"
#include "dsp/natural_log.hpp"
#include "dsp/next_hop.hpp"
#include "engine/correction_kernels.hpp"
#include "engine/flow_output.hpp"
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
// short-time Fourier transform magnitude spectra", IEEE TASLP 2007).
//
// A frame has come when all of it but its last hop has: what is missing counts as silence, and the
// frame's mel as less by a part (kMissing) of what that takes off a steady sound. What an
// overlapping lift gives of the next samples is used until they are final (FlowOutput::ahead). With
// the frame's second half still to be heard, the sound up to its middle is given when it is the
// only one corrected, and a hop less for each further one. Only what has not been given is changed.
// With one frame, the one before it, half of which has been given, is changed as well, and what an
// overlapping lift gives of the next samples is first made a guess at all of them (dsp::NextHop):
// both are taken as far as kGuessed says, and without a guess only as far as kCaution, as is the
// newest one of several. Where the flow has drawn the next row as well (Pipeline), two hops are
// ahead, the newest frame is whole, and both are taken as far as kDrawn says. One and two frames
// have too few rounds for kStrength and kMomentum: a gain is taken as far as one band needs,
// without its change before. The changes of all rounds fade in where they begin, behind what has
// been given (dsp::fade_in).
//
// So the sound comes out config::correction_delay_samples() after it went in, and up to a hop later
// where pieces are no multiples of it. Frames that begin before the sound, whose mel depends on how
// that is padded, stay as they are. What all calls append is the same whatever the pieces.
class MelCorrection : private dsp::CorrectionRule {
 public:
  // Frames that are changed as each one comes, of 0 or more together.
  static int changed(int together) { return together == 0 ? 0 : std::max(together, 2); }
  // together: frames, 1 or more. ahead: of every push. most_frames: of the mel, that are there
  // before their samples have come; most_samples: of a push; more need more memory.
  MelCorrection(const MelSpec& spec, int together, std::int64_t ahead, std::int64_t most_frames,
                std::size_t most_samples = 0);

  // Frames of the mel, as its specification stores them: those that a sample needs come first.
  void push_mel(const float* frames, std::int64_t count);
  void push(const FlowOutput& made, std::vector<float>* out);
  void finish(std::vector<float>* out);  // the rest

 private:
  struct Frame {
    Eigen::ArrayXf part, change;  // what it adds to the sum, and what that last changed by; [n_fft]
  };
  // Final samples, and `ahead_` that are known behind them or none (null).
  void take(const float* samples, std::int64_t count, const float* ahead, std::vector<float>* out);
  void know_ahead(const float* ahead);
  void know(std::int64_t from, const float* samples, std::int64_t count);
  void go_round(std::int64_t oldest, std::int64_t newest, bool newest_is_whole);
  void change(std::int64_t frame, bool whole);
  void give(std::int64_t end, std::vector<float>* out);
  void forget();
  std::int64_t first_sample(std::int64_t frame) const { return start_ + frame * spec_.hop_samples; }
  // Up to which sample a frame has to be known when its turn comes.
  std::int64_t needed(std::int64_t frame) const {
    return first_sample(frame) + spec_.n_fft - (drawn_ ? 0 : spec_.hop_samples);
  }
  // Of those that are changed before frame `end`.
  std::int64_t oldest_changed(std::int64_t end) const {
    return std::max(first_frame_, end - changed(together_));
  }
  std::size_t phase_of(std::int64_t sample) const {
    const std::int64_t hop = spec_.hop_samples;
    return static_cast<std::size_t>(((sample - start_) % hop + hop) % hop);
  }
  Frame& at(std::int64_t frame) {
    return frames_[static_cast<std::size_t>(frame) % frames_.size()];
  }

  MelSpec spec_;
  int together_;
  std::int64_t ahead_;
  bool drawn_;                // the last hop of what is ahead
  std::int64_t start_;        // first sample of frame 0; may lie before the sound
  std::int64_t first_frame_;  // that lies inside it
  dsp::NaturalLog natural_log_;
  BandFilters filters_;
  GainRule rule_;
  float missing_ =
      0.0F;  // what a mel has less, its logarithm, where the frame's last hop is missing
  RealFft fft_;
  // Times which a frame's samples are its share of the sum, the sum is what the transform takes,
  // and what the transform gives is the frame's new share. [n_fft] each.
  Eigen::ArrayXf share_of_sum_, in_, out_;
  std::vector<float> fade_in_, unchanged_;  // of the sum's next samples
  std::vector<float> norm_, inverse_norm_;  // what share_of_sum_ adds up to over all frames: [hop]
  // A bin's gain lies between those of two bands: the lower one, and the upper one's share.
  std::vector<int> lower_;
  std::vector<float> share_;
  std::optional<dsp::NextHop> next_hop_;
  std::vector<float> guess_;                    // of what is ahead
  std::vector<float> band_gains_, magnitudes_;  // of one frame
  std::vector<Frame> frames_;                   // frame t in place t % frames
  std::vector<float> targets_;                  // natural logarithms, from frame first_target_ on
  std::int64_t first_target_ = 0;
  // From sample begin_ on: the sound as it is known, and the frames' shares of it and parts, added
  // up; a transform longer than what is final.
  std::vector<float> sound_, sum_;
  std::int64_t begin_ = 0, taken_ = 0, given_ = 0;  // samples
  std::int64_t next_;                               // frame
};

}  // namespace glowvox::engine

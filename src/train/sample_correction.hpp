// SPDX-License-Identifier: MIT
// The flow's samples as a live stream plays them.
#pragma once

#include <torch/torch.h>

#include <optional>

#include "config/model_config.hpp"
#include "dsp/next_hop.hpp"

namespace glowvox::train {

using torch::Tensor;

// The correction of one frame at a time, which adds no delay (engine::MelCorrection with one
// frame), of a batch and with gradients: what the distance hears is then what is heard of a stream,
// but that what comes next is guessed by the sound's repetition, not drawn (engine::Pipeline), and
// the gains are taken less far.
class SampleCorrection {
 public:
  explicit SampleCorrection(const config::ModelConfig& config);

  // audio [B, T * C], of a whole segment, and ahead [B, T, C] (flow::Lift::inverse and ahead; empty
  // rows where a lift has nothing ahead); mel [B, F, bands] as the specification stores it. Returns
  // [B, T * C]: the frames before the first that lies inside the segment, and what no frame reaches
  // at the end, as they were.
  Tensor operator()(const Tensor& audio, const Tensor& ahead, const Tensor& mel) const;

 private:
  struct Tables {
    Tensor window, window_by_norm, share_of_sum;  // [n_fft]
    Tensor fade_in;                               // [an eighth of a hop]
    Tensor inverse_norm;                          // [n_fft and more], of a frame's first sample on
    Tensor bands;                                 // [bins, bands]
    Tensor bin_gains;                             // [bands, bins]: a bin's gain of the bands' ones
  };
  struct Turn;
  // One change of a frame `offset` samples behind the turn's first one, from its sample `gone` on;
  // part: what the frame has added there so far.
  void change(const Tables& tables, Turn* turn, std::int64_t offset, std::int64_t gone,
              const Tensor& target, Tensor* part) const;
  // ahead, made a guess at the next samples where the engine makes one (dsp::NextHop): a linear
  // function of both, the repetition being found without a gradient.
  Tensor guessed(const Tensor& audio, const Tensor& ahead) const;
  std::int64_t final_after(std::int64_t row) const { return (row + 1) * channels_ - overlap_ / 2; }
  std::int64_t first_sample(std::int64_t frame) const { return start_ + frame * spec_.hop_samples; }

  MelSpec spec_;
  std::int64_t channels_, overlap_;  // of the lift; what a row leaves unfinished
  std::int64_t start_;               // first sample of frame 0
  std::optional<dsp::NextHop> next_hop_;
  double missing_;  // what a mel has less where the last hop is missing
  Tables tables_;
};

}  // namespace glowvox::train

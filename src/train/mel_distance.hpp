// SPDX-License-Identifier: MIT
// How far the mel of a sample is from the mel that it was made from.
#pragma once

#include <torch/torch.h>

#include "glowvox/mel.hpp"

namespace glowvox::train {

// The mean over frames and bands of |ln m(y) - ln m(x)|, m being a mel spectrum as a specification
// computes it (its transform, window, filterbank and floor; its logarithm is always the natural
// one here). Frames lie inside the sounds: no padding. A mel is a function of the recording, so
// samples of the recordings' own distribution given the mel have a distance of zero: added to a
// proper scoring rule it leaves it proper. It has no repulsion, and needs none.
class MelDistance {
 public:
  explicit MelDistance(const MelSpec& spec);
  std::int64_t fewest_samples() const { return window_.size(0); }
  // x, y: [B, N]; returns [B].
  torch::Tensor operator()(const torch::Tensor& x, const torch::Tensor& y) const;

 private:
  torch::Tensor logarithm(const torch::Tensor& audio) const;  // [B, N] to [B, frames, bands]

  MelSpec spec_;
  torch::Tensor window_;  // [n_fft]
  torch::Tensor bands_;   // [bins, bands]
};

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
#pragma once

#include <torch/torch.h>

#include <mutex>
#include <vector>

#include "config/model_config.hpp"

namespace glowvox::flow {

using torch::Tensor;

// What is beyond the edges of a piece of sound: nothing, because the signal ends there, or samples
// that come with it.
enum class Edges { kEnds, kMargins };

// The fixed orthonormal map from samples to channels; log-det 0.
class Lift {
 public:
  explicit Lift(const config::LiftConfig& config);
  int64_t channels() const { return channels_; }
  // Samples on each side that forward() needs when a segment's edges are not a signal's ends.
  int64_t margin() const { return spectral() ? channels_ / 2 : 0; }
  bool spectral() const { return window_.defined(); }
  // audio [B, T * C], a whole signal (square); or with margins [B, T * C + 2 * margin()], an inner
  // segment, whose edge blocks overlap with the margins. -> [T, B, C]
  Tensor forward(const Tensor& audio, Edges edges = Edges::kEnds) const;
  // The inverse of forward for a whole signal: [T, B, C] -> [B, T * C].
  Tensor inverse(const Tensor& x) const;
  // What a row alone gives of the samples that it leaves unfinished, from margin() before the next
  // row's first sample on: [T, B, C] -> [B, T, C], or [B, T, 0] where rows do not overlap.
  Tensor ahead(const Tensor& x) const;
  double macs_per_frame() const { return spectral() ? double(channels_) * channels_ : 0.0; }

 private:
  struct Tables {
    Tensor window;  // [4, C/2], the sine window's four quarters
    Tensor dct4;    // [C, C]
  };
  // Where `like` is and of its type; kept, so that a GPU does not wait for them in every step.
  Tables tables(const Tensor& like) const;
  // [T, B, C] -> two of [B, T, C/2]: what inverse() mirrors and weights.
  std::vector<Tensor> unfolded(const Tensor& x, const Tables& own) const;

  int64_t channels_;
  Tensor window_, dct4_;  // in double
  mutable std::mutex mutex_;
  mutable Tables recent_;  // what the last call gave
};

}  // namespace glowvox::flow

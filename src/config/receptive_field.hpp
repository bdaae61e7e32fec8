// SPDX-License-Identifier: MIT
// How far a model reaches in time.
#pragma once

#include <cstdint>

#include "config/model_config.hpp"

namespace glowvox::config {

// Context of a convolution along time, in its own rows (validated configurations have at most a few
// million).
struct Context {
  int before = 0, after = 0;
};
Context context_of(int kernel, int dilation, bool causal);
int dilation_of(const NetConfig& net, int layer);
// All layers of one coupling's net, in lifted rows.
Context context_of(const NetConfig& net);

// What a sample of synthesized audio depends on: mel frames are counted as the hop of samples that
// each conditions.
struct Reach {
  std::int64_t past_samples = 0;
  std::int64_t future_samples = 0;   // look-ahead: 0 for a causal model
  std::int64_t overlap_samples = 0;  // of the lift: a hop for the MDCT, 0 for the squeeze
};
Reach reach_of(const ModelConfig& config);

// By how many samples a stream is later with so many frames corrected together, ahead samples being
// known before they are final: engine::MelCorrection.
std::int64_t correction_delay_samples(const MelSpec& mel, int corrections, std::int64_t ahead);

}  // namespace glowvox::config

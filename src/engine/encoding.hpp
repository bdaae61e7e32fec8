// SPDX-License-Identifier: MIT
// From sound to latents: the flow forwards, whole utterances at a time.
#pragma once

#include <memory>
#include <vector>

#include "engine/base.hpp"
#include "engine/prepared.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox::engine {

// What encoding needs beyond a float32 model's own weights.
struct PreparedEncoding {
  std::shared_ptr<const PreparedModel> model;  // float32
  // Before each step, in the order of encoding: some channels leave, the others go through actnorm
  // and mixing. PreparedLink is the inverse.
  std::vector<ChannelMap> links;
  double log_det = 0.0;  // what they add in every row
  Base base;
};

PreparedEncoding prepare_encoding(const Weights& weights,
                                  std::shared_ptr<const PreparedModel> model);

// audio: [mel.frames * hop]; everything finite. most_frames: of a pass.
Encoding encode(const PreparedEncoding& prepared, const Mel& mel, const float* audio, int threads,
                int most_frames);

}  // namespace glowvox::engine

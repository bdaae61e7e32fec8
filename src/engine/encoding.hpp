// SPDX-License-Identifier: MIT
// From sound to latents: the flow forwards, whole utterances at a time.
#pragma once

#include <memory>
#include <vector>

#include "engine/base.hpp"
#include "engine/prepared.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox::engine {

// What stands before a step's coupling, as encoding needs it: some channels leave, the others go
// through actnorm and mixing. PreparedLink is its inverse.
struct EncodingLink {
  ChannelLayout from, to;
  int early = 0;  // channels that leave, the first of `from`
  bool dense = false;
  Affine mixing;            // dense
  std::vector<int> source;  // otherwise: the column each column comes from, -1: none
  std::vector<float> scale, shift;
};

// What encoding needs beyond a float32 model's own weights.
struct PreparedEncoding {
  std::shared_ptr<const PreparedModel> model;  // float32
  std::vector<EncodingLink> links;             // before each step, in the order of encoding
  double log_det = 0.0;                        // what they add in every row
  Base base;
};

PreparedEncoding prepare_encoding(const Weights& weights,
                                  std::shared_ptr<const PreparedModel> model);

// audio: [mel.frames * hop]; everything finite. most_frames: of a pass.
Encoding encode(const PreparedEncoding& prepared, const Mel& mel, const float* audio, int threads,
                int most_frames);

}  // namespace glowvox::engine

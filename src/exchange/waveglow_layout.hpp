// SPDX-License-Identifier: MIT
// Which of our tensors is which of NVIDIA's WaveGlow's and SqueezeWave's: one list, walked by
// import and by export.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/model_config.hpp"

namespace glowvox::exchange {

// How the other program arranges what ours does not tell apart.
struct TheirForm {
  bool cond_per_layer = false;  // cond_layers.i for every layer instead of one cond_layer
  bool split_res_skip = false;  // res_layers.i and skip_layers.i instead of one res_skip_layers.i
  bool batch_norms = true;      // SqueezeWave: in_layers.i.0 is a batch normalisation (not folded)
};

// A convolution along time. Ours: [out, taps, in]; theirs: [out, in, taps].
struct ConvPair {
  std::string ours, theirs;
  std::int64_t out = 0, taps = 1, in = 0;
  bool follows_config = false;     // ours is weight-normalised when the configuration says so
  std::int64_t row = 0, rows = 0;  // theirs fills rows [row, row + out) of `rows` of ours
};

// One filter for each channel. Ours: [taps, channels]; theirs: [channels, 1, taps].
struct DepthwisePair {
  std::string ours, theirs;
  std::int64_t channels = 0, taps = 1;
};

// An invertible 1x1 convolution. Ours: [channels, channels]; theirs: [channels, channels, 1].
struct MatrixPair {
  std::string ours, theirs;
  std::int64_t channels = 0;
};

// Of SqueezeWave's batch normalisations (PyTorch's default).
constexpr double kBatchNormEpsilon = 1e-5;

// A batch normalisation in evaluation mode is an affine map: ours are its scale and shift,
// [channels].
struct NormPair {
  std::string scale, shift, theirs;  // theirs: empty where it was folded into what follows
  std::int64_t channels = 0;
};

struct WaveglowLayout {
  std::vector<ConvPair> convs;
  std::vector<DepthwisePair> depthwise;
  std::vector<MatrixPair> matrices;
  std::vector<NormPair> norms;
  bool upsample = false;  // conditioner.weight and .bias are upsample.weight and .bias, as they are
};

// Throws Error with `where`, naming the key, for a configuration that neither program knows.
void check_is_waveglow(const config::ModelConfig& config, const std::string& where);

// Of a configuration that has passed the check.
WaveglowLayout waveglow_layout(const config::ModelConfig& config, const TheirForm& form);

}  // namespace glowvox::exchange

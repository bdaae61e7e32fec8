// SPDX-License-Identifier: MIT
// A model's weights, made ready for synthesis once; shared by every stream.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "config/model_config.hpp"
#include "config/receptive_field.hpp"
#include "dsp/natural_log.hpp"
#include "engine/channels.hpp"
#include "engine/kernels.hpp"
#include "engine/product.hpp"
#include "engine/weights.hpp"

namespace glowvox::engine {

// A product and what is added to it, [padded(out)].
struct Affine {
  Product product;
  std::vector<float> bias;
};

// mel -> natural log and features.
struct PreparedConditioner {
  config::ConditionerKind kind = config::ConditionerKind::kRepeat;
  int bands = 0;
  int features = 0;
  int rows_per_frame = 1;  // lifted rows
  bool per_row = false;    // features lie at the rate of lifted rows instead of mel frames
  dsp::NaturalLog natural_log;
  struct Block {
    Affine first, second;
    config::Context context;
  };
  Affine input;  // frames: of the natural log, normalisation folded in
  std::vector<Block> blocks;
  std::vector<Affine> phases;  // upsample: for every row of a mel frame
  int phase_taps = 0;
};

struct PreparedLayer {
  config::Context context;
  Product cond;                  // features -> [2 * hidden]
  std::vector<float> gate_bias;  // [2 * hidden], of everything that enters the gate
  Product filter;                // wavenet: dilated; separable: pointwise
  std::vector<float> scale, shift, depthwise, depthwise_bias;  // separable
  int taps = 0, dilation = 1;
  Affine residual;  // none in a wavenet's last layer
  Product skip;     // wavenet
};

struct PreparedNet {
  config::NetKind kind = config::NetKind::kWavenet;
  int hidden = 0;  // padded
  Affine start;
  std::vector<PreparedLayer> layers;
  // What the layers' skip paths sum up to: the coupling's [t | log_s] itself where `end`, a linear
  // map, is multiplied into them; otherwise its input.
  bool end_folded = false;
  int summed = 0;                // columns, padded
  std::vector<float> skip_bias;  // [summed]
  Affine end;                    // product empty where folded
};

// Channels of one layout to those of another: mixing and actnorm.
struct ChannelMap {
  ChannelMap(const ChannelLayout& before, const ChannelLayout& after)
      : from(before),
        to(after),
        early(std::abs(after.channels - before.channels)),
        source(static_cast<std::size_t>(after.columns()), -1),
        scale(source.size(), 1.0F),
        shift(source.size(), 0.0F) {}
  ChannelLayout from, to;
  int early;  // channels that leave or join, the first of the wider layout: not in the map
  bool dense = false;
  Affine mixing;            // dense
  std::vector<int> source;  // otherwise: the column each column comes from, -1: none
  std::vector<float> scale, shift;
};

// From a step's output to the next one's input, or to the lift's: mixing and actnorm undone.
struct PreparedLink : ChannelMap {
  using ChannelMap::ChannelMap;
  bool identity = false;                      // neither permuted nor scaled
  std::vector<std::uint32_t> early_channels;  // latent ones that join as noise, [padded(early)]
};

struct PreparedStep {
  ChannelLayout layout;
  bool swapped = false;  // the second part passes
  CouplingRule rule;
  PreparedNet net;
  PreparedLink link{{}, {}};
  int passes_column() const { return swapped ? layout.width() : 0; }
  int changed_column() const { return swapped ? 0 : layout.width(); }
};

struct PreparedOutput {
  bool scale_shift = false;
  Product from_mel, from_features;  // -> [t | log_s], each in the layout of `layout`
  std::vector<float> bias;
  ChannelLayout layout;
  Product transform;  // inverse lapped transform of a row; empty for the squeeze
};

// How the weights of the couplings' nets lie in memory, where activations are float.
enum class NetWeights { kAsInFile, kInt8 };

struct PreparedModel {
  config::ModelConfig config;
  DType dtype = DType::kFloat32;
  NetWeights nets = NetWeights::kAsInFile;
  PreparedConditioner conditioner;
  std::vector<std::uint32_t> latent_channels;  // of the first step's columns
  std::vector<PreparedStep> steps;             // in the order of synthesis
  PreparedOutput output;
};

PreparedNet prepare_net(const Weights& weights, const config::ModelConfig& config,
                        const ChannelLayout& layout, int features, DType dtype, NetWeights nets);
PreparedConditioner prepare_conditioner(const Weights& weights, const config::ModelConfig& config);
PreparedModel prepare(const Weights& weights, const config::ModelConfig& config, DType dtype,
                      NetWeights nets = NetWeights::kAsInFile);

}  // namespace glowvox::engine

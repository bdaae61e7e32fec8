// SPDX-License-Identifier: MIT
// The parts of a flow as operators, in the order of synthesis: what src/engine/prepare*.cpp does
// for the engine. Weights are read by their names in a model file; an Error names file and tensor.
#pragma once

#include "config/model_config.hpp"
#include "config/receptive_field.hpp"
#include "engine/weights.hpp"
#include "onnx/builder.hpp"
#include "onnx/stream_state.hpp"

namespace glowvox::onnx {

// Where and for what a graph is written. state: of a streaming graph, else null.
struct Writing {
  const config::ModelConfig& config;
  Builder& b;
  StreamState* state;

  int rows_per_frame() const { return config.mel.hop_samples / config.lift.channels; }
};

// A convolution along rows, in front of which lie zeros, or in a stream what came before.
struct TimeConvolution {
  config::Context context;
  std::int64_t dilation = 1, groups = 1;
};
Value convolve(const Writing& w, const std::string& name, const Value& x, const engine::Matrix& W,
               const std::vector<float>& bias, const TimeConvolution& along);

// The mel and the features that the conditioner makes of it.
struct Conditions {
  Value log_mel;   // natural logarithm, [batch, bands, frames]
  Value features;  // [batch, feature_channels, frames], or rows in place of frames
  int feature_channels = 0;
  int rows_per_feature = 1;  // how many rows each of them stands for
};
Conditions write_conditioner(const Writing& w, const engine::Weights& weights, const Value& mel);

// A coupling's net, of the channels that pass: [t | log_s], or t, [batch, outputs, rows].
Value write_net(const Writing& w, const engine::Weights& weights, int half,
                const Conditions& conditions, const Value& passes);

// Noise [batch, channels, rows] through all steps: the lifted rows, channels in their own order.
Value write_steps(const Writing& w, const engine::Weights& weights, const Conditions& conditions,
                  const Value& noise);

// Lifted rows through scale and shift and the inverse lift, to samples [batch, samples].
Value write_output(const Writing& w, const engine::Weights& weights, const Conditions& conditions,
                   const Value& lifted);

// W x + bias of the conditions, for every row.
struct Affine {
  engine::Matrix W;
  std::vector<float> bias;
};
Value of_features(const Writing& w, const std::string& name, const Conditions& conditions,
                  const Affine& affine);

}  // namespace glowvox::onnx

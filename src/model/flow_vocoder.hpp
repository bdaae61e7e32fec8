// SPDX-License-Identifier: MIT
// The one model class: lift, steps, conditioner.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "config/model_config.hpp"
#include "flow/base.hpp"
#include "flow/conditioner.hpp"
#include "flow/layer.hpp"
#include "flow/lift.hpp"

namespace glowvox::model {

using torch::Tensor;

struct Encoded {
  Tensor z;              // [T, B, C] latents, early outputs first
  Tensor log_det;        // [B]
  Tensor frame_log_det;  // [T, B], its share in every lifted frame
  // [T, B, C], the share of every channel; undefined where a layer has none (see Output), and while
  // gradients are recorded.
  Tensor channel_log_det;
  flow::Base base;

  // Exact log-density of the audio given the mel, the base's constants included: [B] nats; what
  // every lifted frame adds to it, [T, B]; and every channel, [T, B, C] (undefined where
  // channel_log_det is).
  Tensor log_prob() const;
  Tensor frame_log_prob() const;
  Tensor channel_log_prob() const;
};

// A mixing matrix and how far it is from singular.
struct MixingState {
  std::string layer;
  double condition = 1.0;  // largest over smallest singular value
  double log_det = 0.0;    // log|det W|
};

class FlowVocoder : public torch::nn::Module {
 public:
  explicit FlowVocoder(const config::ModelConfig& config);
  const config::ModelConfig& config() const { return config_; }

  // audio [B, F * hop] (with margins: and margin() samples on both sides), mel [B, F, bands] as the
  // specification stores it; throws Error when the two do not belong together.
  Encoded encode(const Tensor& audio, const Tensor& mel, flow::Edges edges = flow::Edges::kEnds);
  // The inverse of encode without margins: z [T, B, C] -> audio [B, F * hop]. Throws Error where a
  // mixing matrix cannot be inverted.
  Tensor decode(const Tensor& z, const Tensor& mel);
  // The lifted rows of that, [T, B, C]. Gradients flow through it; no matrix is checked, so that
  // nothing waits for a number: a singular one gives values that are not finite. Of a segment of
  // sound the samples up to margin() from both ends lack what comes before and after.
  Tensor decode_rows(const Tensor& z, const Tensor& mel);
  // Exact log-density of the audio given the mel, [B] nats, the base's constants included.
  Tensor log_prob(const Tensor& audio, const Tensor& mel, flow::Edges edges = flow::Edges::kEnds);

  // Latents N(0, sigma^2), [frames * ratio, batch, C]: every clip of the batch gets the same noise
  // that it would get alone (Philox, see core/random.hpp).
  Tensor noise(int64_t batch, int64_t mel_frames, double sigma, uint64_t seed) const;

  // Sound of a mel, at sample 0 of the audio that the mel was or would be computed from; values may
  // lie outside [-1, 1]. A hop for every mel frame.
  std::vector<float> synthesize(const Mel& mel, double sigma, uint64_t seed);

  // What the training data's mels are like (ModelConfig::mel_statistics).
  void set_mel_statistics(const config::MelStatisticsConfig& statistics) {
    config_.mel_statistics = statistics;
  }
  // Data-dependent initialisation, layer by layer, from a batch.
  void initialize(const Tensor& audio, const Tensor& mel, flow::Edges edges = flow::Edges::kEnds);
  // Becomes nearly what a wider model computes of a batch, of the same network but for more
  // channels in the conditioner and in the nets (config::is_narrower). Throws Error where the nets
  // are of a kind that cannot.
  void narrow(FlowVocoder& wide, const Tensor& audio, const Tensor& mel,
              flow::Edges edges = flow::Edges::kEnds);
  // Gives layers that start as the identity small random weights.
  void randomize();
  // Throws Error naming the step whose mixing cannot be inverted.
  void check_invertible() const;
  std::vector<MixingState> mixing_states() const;  // of every layer that is a matrix
  // Whether encode() and decode_rows() keep no activations for the backward pass but make a
  // step's again from its output: memory that does not grow with the steps, for about half as much
  // time again.
  void set_recompute(bool recompute) { recompute_ = recompute; }

  // How much the conditioner's features vary along time, relative to their size: near 0 when dead.
  double feature_variation(const Tensor& mel);

  const flow::Lift& lift() const { return lift_; }
  int64_t margin() const { return lift_.margin(); }
  // Whether the channels are frequencies, from 0 to half the sample rate.
  bool spectral() const { return lift_.spectral(); }
  torch::Device device() const { return parameters().front().device(); }
  int64_t parameter_count() const;
  double gmac_per_second() const;  // of audio, synthesis

 private:
  struct Step {
    int64_t early_channels = 0;  // leave before the step
    std::vector<std::shared_ptr<flow::Layer>> layers;
  };
  void check_shapes(const Tensor& audio, const Tensor& mel, flow::Edges edges) const;
  flow::Condition condition(const Tensor& mel);

  config::ModelConfig config_;
  flow::Lift lift_;
  flow::Base base_;
  std::shared_ptr<flow::Conditioner> conditioner_;
  std::vector<Step> steps_;
  bool recompute_ = false;
};

}  // namespace glowvox::model

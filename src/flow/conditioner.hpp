// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "config/model_config.hpp"
#include "flow/conv.hpp"
#include "flow/layer.hpp"

namespace glowvox::flow {

// mel -> features for every coupling, at the rate of the lifted frames.
//   upsample: WaveGlow's transposed convolution to the sample rate, grouped as the lift groups:
//             bands * channels features, feature band * channels + j for sample j of the group
//   repeat:   the mel itself, repeated (SqueezeWave)
//   frames:   a linear map of the normalised mel, then residual blocks of convolutions at the mel's
//             rate, repeated; the mel has a linear path past every nonlinearity
class Conditioner : public torch::nn::Module {
 public:
  explicit Conditioner(const config::ModelConfig& config);
  int64_t features() const { return features_; }
  // mel [F, B, bands] as the specification stores it -> mel and features [F * ratio, B, ...].
  Condition forward(const Tensor& mel);
  void initialize(const Tensor& mel);  // mean and deviation of every band, from data
  // Becomes nearly what one with more channels computes of a mel, as far as `readers` [O, F], what
  // reads that one's features, make something of it.
  void narrow(Conditioner& wide, const Tensor& mel, const Tensor& readers);
  double macs_per_lifted_frame() const;

 private:
  Tensor natural_log(const Tensor& mel) const;
  Tensor repeat(const Tensor& x) const;
  Tensor upsample(const Tensor& mel) const;

  config::ConditionerConfig config_;
  MelSpec mel_;
  int64_t group_, ratio_, features_;
  Tensor mean_, deviation_;  // [bands], of the natural log
  Tensor weight_, bias_;     // upsample: [bands, bands, kernel], [bands]
  std::shared_ptr<Conv> input_;
  std::vector<std::shared_ptr<Conv>> first_, second_;
};

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "flow/conv.hpp"
#include "flow/layer.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::flow {

// The conditional scale and shift of every lifted channel: z = x * exp(-log_s) - t, with
//   log_s = M mel + bias + (a linear map of the features),  t = (a linear map of the features).
// M is fixed: the interpolation of the log-mel to the channels' frequencies (channels above the
// mel's range take the last band); for a lift whose channels are not frequencies, the mean over
// bands. The linear maps start at zero (t is in units of the scale, so that both learn at one
// rate), the bias is set from data by maximum likelihood.
class ScaleShift : public Layer {
 public:
  ScaleShift(const std::string& name, int64_t channels, int64_t features, const MelSpec& mel,
             bool spectral);
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor inverse(const Tensor& z, const Condition& condition) override;
  void initialize(const Tensor& x, const Condition& condition) override;
  void narrow(Layer& wide, const Tensor& x, const Condition& wide_condition,
              const Condition& condition) override;
  Tensor reads_features() const override { return net_->effective_weight().flatten(0, 1); }
  void randomize() override;
  double macs_per_frame() const override;

 private:
  struct Pair {
    Tensor log_s, t;
  };
  Pair scale_and_shift(const Condition& condition);
  Tensor bias_;                // [C]
  Tensor mel_weight_;          // M, [C, bands]
  std::shared_ptr<Conv> net_;  // features -> [t | log_s]
};

}  // namespace glowvox::flow

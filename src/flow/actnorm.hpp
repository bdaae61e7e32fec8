// SPDX-License-Identifier: MIT
#pragma once

#include "flow/layer.hpp"

namespace glowvox::flow {

// Scale and bias for each channel, z = (x + bias) * exp(log_scale), set so that the first batch
// leaves with zero mean and unit variance (Glow, section 3.1).
class ActNorm : public Layer {
 public:
  ActNorm(const std::string& name, int64_t channels);
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor inverse(const Tensor& z, const Condition& condition) override;
  void initialize(const Tensor& x, const Condition& condition) override;
  double macs_per_frame() const override { return static_cast<double>(bias_.numel()); }

 private:
  Tensor bias_, log_scale_;
};

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "flow/layer.hpp"
#include "flow/net.hpp"

namespace glowvox::flow {

// NICE's additive and Real NVP's affine coupling: one half passes through and, with the features,
// decides what happens to the other: z_b = x_b * exp(log_s) + t (additive: log_s = 0).
// The net's output is [t | log_s], as WaveGlow orders it.
class Coupling : public Layer {
 public:
  // swapped: the second part passes and the first is transformed.
  Coupling(const std::string& name, int64_t channels, int64_t features,
           const config::CouplingConfig& config, const config::NetConfig& net, bool swapped);
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor inverse(const Tensor& z, const Condition& condition) override;
  void narrow(Layer& wide, const Tensor& x, const Condition& wide_condition,
              const Condition& condition) override;
  Tensor reads_features() const override;
  void randomize() override { net_->randomize(); }
  double macs_per_frame() const override { return net_->macs_per_frame(); }

 private:
  std::pair<Tensor, Tensor> split(const Tensor& x) const;  // {passes, transformed}
  Tensor join(const Tensor& passes, const Tensor& transformed) const;
  std::pair<Tensor, Tensor> shift_and_log_scale(const Tensor& passes, const Condition& condition);

  config::CouplingConfig config_;
  bool swapped_;
  std::shared_ptr<Net> net_;
};

}  // namespace glowvox::flow

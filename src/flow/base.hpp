// SPDX-License-Identifier: MIT
// The density that the flow maps speech to.
#pragma once

#include <torch/torch.h>

#include "config/model_config.hpp"

namespace glowvox::flow {

using torch::Tensor;

// Gaussian: N(0, I). Tailed, with C channels, a share d for a channel and e = exp(-C frame_cost)
// for a frame:
//
//   p(z) = (1 - e) prod_c [(1 - d) N(z_c; 0, 1) + d S_1(z_c)] + e S_C(z)
//
// where S_n is the multivariate t density in n dimensions with one degree of freedom (Cauchy's):
// Gamma((1 + n) / 2) / (Gamma(1 / 2) pi^(n / 2)) (1 + |z|^2)^(-(1 + n) / 2). The first share takes
// a click in a few channels, the second a whole frame whose scale the model has never met (digital
// silence): where all of z is r times too large, that costs frame_cost + log r nats a channel, and
// not r^2 / 2. Exact and normalised; synthesis draws from the Gaussian part.
class Base {
 public:
  explicit Base(const config::BaseConfig& config = {}) : config_(config) {}
  Tensor log_prob(const Tensor& z) const;  // [T, B, C] -> [T, B], nats
  // What each channel has of it, [T, B, C]; what all channels share is divided evenly. No gradient.
  Tensor channel_log_prob(const Tensor& z) const;

 private:
  config::BaseConfig config_;
};

}  // namespace glowvox::flow

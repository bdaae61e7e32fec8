// SPDX-License-Identifier: MIT
// The density that the flow maps speech to, without LibTorch.
#pragma once

#include "config/model_config.hpp"

namespace glowvox::engine {

// What flow::Base is, where its formula stands: N(0, I), or that with tails.
class Base {
 public:
  Base(const config::BaseConfig& config, int channels);
  double log_prob(const float* z) const;  // of a row [channels], nats

 private:
  bool tailed_;
  int channels_;
  double gaussian_ = 0.0, cauchy_ = 0.0;  // tailed: the two parts of a channel's density at 0
  double independent_ = 0.0;              // log share of independent channels
  double whole_ = 0.0;                    // log density at 0 of the part for a whole row
};

}  // namespace glowvox::engine

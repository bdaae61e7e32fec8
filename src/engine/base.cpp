// SPDX-License-Identifier: MIT
#include "engine/base.hpp"

#include <algorithm>
#include <cmath>

namespace glowvox::engine {

namespace {

constexpr double kPi = 3.141592653589793238463;
const double kLogSqrtTwoPi = 0.5 * std::log(2.0 * kPi);

// log Gamma((1 + n) / 2) - log Gamma(1 / 2) for even n.
double log_gamma_ratio(int n) {
  double sum = 0.0;
  for (int i = 0; i < n / 2; ++i) sum += std::log(i + 0.5);
  return sum;
}

double log_of_sum(double a, double b) {
  return std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
}

}  // namespace

Base::Base(const config::BaseConfig& config, int channels)
    : tailed_(config.kind == config::BaseKind::kTailed), channels_(channels) {
  if (!tailed_) return;
  gaussian_ = (1.0 - config.channel_share) / std::sqrt(2.0 * kPi);
  cauchy_ = config.channel_share / kPi;
  const double log_share = -channels * config.frame_cost;
  independent_ = std::log1p(-std::exp(log_share));
  whole_ = log_share + log_gamma_ratio(channels) - 0.5 * channels * std::log(kPi);
}

// A channel's density is never 0: beyond all floats the tail still has 1e-81.
double Base::log_prob(const float* z) const {
  double squares = 0.0, independent = independent_;
  for (int c = 0; c < channels_; ++c) {
    const double square = static_cast<double>(z[c]) * z[c];
    squares += square;
    if (tailed_)
      independent += std::log(gaussian_ * std::exp(-0.5 * square) + cauchy_ / (1.0 + square));
  }
  if (!tailed_) return -0.5 * squares - kLogSqrtTwoPi * channels_;
  return log_of_sum(independent, whole_ - 0.5 * (1.0 + channels_) * std::log1p(squares));
}

}  // namespace glowvox::engine

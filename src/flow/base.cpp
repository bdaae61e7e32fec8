// SPDX-License-Identifier: MIT
#include "flow/base.hpp"

#include <cmath>

namespace glowvox::flow {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const double kLogSqrtTwoPi = 0.5 * std::log(2.0 * M_PI);

// log S_n for |z|^2.
Tensor log_cauchy(const Tensor& square, double n) {
  const double constant =
      std::lgamma(0.5 * (1.0 + n)) - std::lgamma(0.5) - 0.5 * n * std::log(M_PI);
  return constant - 0.5 * (1.0 + n) * torch::log1p(square);
}

// The two parts of a mixture, weighted, and their sum, all logarithms.
struct Mixture {
  Tensor first, second;
  Tensor sum() const { return torch::logaddexp(first, second); }
  Tensor share_of_second() const { return torch::sigmoid(second - first); }
};

// Every channel by itself: [T, B, C].
Mixture channels(const Tensor& square, const config::BaseConfig& config) {
  const double d = config.channel_share;
  return {-0.5 * square + (std::log1p(-d) - kLogSqrtTwoPi), log_cauchy(square, 1.0) + std::log(d)};
}

// Independent channels, whose log-density is given, against the whole frame: [T, B].
Mixture frames(const Tensor& independent, const Tensor& square, const config::BaseConfig& config) {
  const auto C = static_cast<double>(square.size(2));
  const double log_share = -C * config.frame_cost;
  return {independent + std::log1p(-std::exp(log_share)), log_cauchy(square.sum(2), C) + log_share};
}

// Its gradient is found on the way: one tensor is kept instead of every step's.
struct TailedFunction : torch::autograd::Function<TailedFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& z, const config::BaseConfig& config) {
    const Tensor square = z.square();
    const Mixture each = channels(square, config);
    const Mixture all = frames(each.sum().sum(2), square, config);
    if (z.requires_grad()) {
      const auto C = static_cast<double>(z.size(2));
      const Tensor tail = each.share_of_second();
      const Tensor whole = all.share_of_second().unsqueeze(2);
      // Of independent channels: -z for a Gaussian, -2 z / (1 + z^2) for Cauchy's density.
      const Tensor slope = (1.0 - tail) + tail * (2.0 / (1.0 + square));
      const Tensor frame_slope = ((1.0 + C) / (1.0 + square.sum(2))).unsqueeze(2);
      ctx->save_for_backward({-z * ((1.0 - whole) * slope + whole * frame_slope)});
    }
    return all.sum();
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {ctx->get_saved_variables()[0] * grads[0].unsqueeze(2), Tensor()};
  }
};

}  // namespace

Tensor Base::log_prob(const Tensor& z) const {
  if (config_.kind == config::BaseKind::kGaussian)
    return -0.5 * z.square().sum(2) - kLogSqrtTwoPi * static_cast<double>(z.size(2));
  return TailedFunction::apply(z, config_);
}

Tensor Base::channel_log_prob(const Tensor& z) const {
  const torch::NoGradGuard no_grad;
  if (config_.kind == config::BaseKind::kGaussian) return -0.5 * z.square() - kLogSqrtTwoPi;
  const Tensor each = channels(z.square(), config_).sum();
  const Tensor shared = log_prob(z) - each.sum(2);
  return each + (shared / static_cast<double>(z.size(2))).unsqueeze(2);
}

}  // namespace glowvox::flow

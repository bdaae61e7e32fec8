// SPDX-License-Identifier: MIT
#include "flow/actnorm.hpp"

namespace glowvox::flow {

namespace {
constexpr double kSmallestDeviation = 1e-6;
}

ActNorm::ActNorm(const std::string& name, int64_t channels) : Layer(name) {
  bias_ = register_parameter("bias", torch::zeros({channels}));
  log_scale_ = register_parameter("log_scale", torch::zeros({channels}));
}

Output ActNorm::forward(const Tensor& x, const Condition& /*condition*/) {
  Output out{(x + bias_) * log_scale_.exp(), log_scale_.sum().expand({x.size(0), x.size(1)})};
  if (wants_channels()) out.channel_log_det = log_scale_.expand_as(x);
  return out;
}

Tensor ActNorm::inverse(const Tensor& z, const Condition& /*condition*/) {
  return z * (-log_scale_).exp() - bias_;
}

void ActNorm::initialize(const Tensor& x, const Condition& /*condition*/) {
  const torch::NoGradGuard no_grad;
  bias_.copy_(-x.mean(torch::IntArrayRef({0, 1})));
  log_scale_.copy_(-(x + bias_)
                        .square()
                        .mean(torch::IntArrayRef({0, 1}))
                        .sqrt()
                        .clamp_min(kSmallestDeviation)
                        .log());
}

}  // namespace glowvox::flow

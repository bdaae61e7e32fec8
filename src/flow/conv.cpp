// SPDX-License-Identifier: MIT
#include "flow/conv.hpp"

#include <cmath>

#include "config/receptive_field.hpp"
#include "flow/ops.hpp"

namespace glowvox::flow {

Conv::Conv(const ConvOptions& options) : options_(options) {
  const ConvOptions& o = options_;
  weight_ = register_parameter(o.weight_norm ? "weight_v" : "weight",
                               torch::empty({o.out, o.kernel, o.in}));
  if (o.weight_norm) weight_g_ = register_parameter("weight_g", torch::empty({o.out}));
  bias_ = register_parameter("bias", torch::empty({o.out}));
  randomize(o.zero ? 0.0 : 1.0);
}

void Conv::randomize(double scale) {
  const torch::NoGradGuard no_grad;
  const double bound = 1.0 / std::sqrt(static_cast<double>(options_.in * options_.kernel));
  weight_.uniform_(-bound, bound);
  bias_.uniform_(-bound * scale, bound * scale);
  if (options_.weight_norm)
    weight_g_.copy_(weight_.flatten(1).norm(2, 1).mul(scale));
  else
    weight_.mul_(scale);
}

void Conv::set(const Tensor& weight, const Tensor& bias) {
  const torch::NoGradGuard no_grad;
  weight_.copy_(weight);
  if (options_.weight_norm) weight_g_.copy_(weight_.flatten(1).norm(2, 1));
  bias_.copy_(bias);
}

Tensor Conv::effective_weight() const {
  if (!options_.weight_norm) return weight_;
  const Tensor norm = weight_.flatten(1).norm(2, 1);
  return weight_ * (weight_g_ / norm).view({-1, 1, 1});
}

Tensor Conv::forward(const Tensor& x) { return forward(x, {effective_weight(), bias_}); }

Tensor Conv::forward(const Tensor& x, const Block& block) const {
  return conv(x, block.weight, block.bias, options_.dilation, left());
}

int64_t Conv::left() const {
  return config::context_of(static_cast<int>(options_.kernel), static_cast<int>(options_.dilation),
                            options_.causal)
      .before;
}

std::vector<Conv::Block> Conv::blocks(int64_t size) const {
  const auto weights = effective_weight().split(size, 0);
  const auto biases = bias_.split(size, 0);
  std::vector<Block> result;
  for (size_t i = 0; i < weights.size(); ++i) result.push_back({weights[i], biases[i]});
  return result;
}

double Conv::macs_per_frame() const {
  return static_cast<double>(options_.in * options_.out * options_.kernel);
}

DepthwiseConv::DepthwiseConv(int64_t channels, int64_t kernel, int64_t dilation, bool causal)
    : dilation_(dilation),
      left_(
          config::context_of(static_cast<int>(kernel), static_cast<int>(dilation), causal).before) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(kernel));
  weight_ = register_parameter("weight", torch::empty({kernel, channels}).uniform_(-bound, bound));
  bias_ = register_parameter("bias", torch::empty({channels}).uniform_(-bound, bound));
}

Tensor DepthwiseConv::forward(const Tensor& x) {
  const int64_t T = x.size(0), taps = weight_.size(0), span = (taps - 1) * dilation_;
  const Tensor padded = at::constant_pad_nd(x, {0, 0, 0, 0, left_, span - left_});
  Tensor y = bias_ + padded.narrow(0, 0, T) * weight_[0];
  for (int64_t k = 1; k < taps; ++k)
    y = torch::addcmul(y, padded.narrow(0, k * dilation_, T), weight_[k]);
  return y;
}

double DepthwiseConv::macs_per_frame() const { return static_cast<double>(weight_.numel()); }

}  // namespace glowvox::flow

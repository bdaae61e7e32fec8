// SPDX-License-Identifier: MIT
#include "flow/coupling.hpp"

namespace glowvox::flow {

Coupling::Coupling(const std::string& name, int64_t channels, int64_t features,
                   const config::CouplingConfig& config, const config::NetConfig& net, bool swapped)
    : Layer(name), config_(config), swapped_(swapped) {
  const int64_t half = channels / 2;
  const bool affine = config.kind == config::CouplingKind::kAffine;
  net_ = register_module("net", make_net(half, affine ? 2 * half : half, features, net));
}

std::pair<Tensor, Tensor> Coupling::split(const Tensor& x) const {
  const int64_t half = x.size(2) / 2;
  const bool pairs = config_.split == config::SplitKind::kEvenOdd;
  const auto parts = pairs ? x.view({x.size(0), x.size(1), half, 2}).unbind(-1) : x.split(half, -1);
  return swapped_ ? std::make_pair(parts[1], parts[0]) : std::make_pair(parts[0], parts[1]);
}

Tensor Coupling::join(const Tensor& passes, const Tensor& transformed) const {
  const Tensor& first = swapped_ ? transformed : passes;
  const Tensor& second = swapped_ ? passes : transformed;
  if (config_.split == config::SplitKind::kEvenOdd)
    return torch::stack({first, second}, -1).flatten(2);
  return torch::cat({first, second}, -1);
}

std::pair<Tensor, Tensor> Coupling::shift_and_log_scale(const Tensor& passes,
                                                        const Condition& condition) {
  const Tensor out = net_->forward(passes, condition.features);
  if (config_.kind == config::CouplingKind::kAdditive) return {out, Tensor()};
  const auto parts = out.chunk(2, -1);
  if (config_.log_s_bound <= 0.0) return {parts[0], parts[1]};
  return {parts[0], torch::tanh(parts[1] / config_.log_s_bound) * config_.log_s_bound};
}

Output Coupling::forward(const Tensor& x, const Condition& condition) {
  const auto [passes, before] = split(x.contiguous());
  const auto [t, log_s] = shift_and_log_scale(passes, condition);
  const bool affine = log_s.defined();
  Output out{join(passes, affine ? before * torch::exp(log_s) + t : before + t),
             affine ? log_s.sum(2) : torch::zeros({x.size(0), x.size(1)}, x.options())};
  if (wants_channels())
    out.channel_log_det = affine ? join(torch::zeros_like(log_s), log_s) : torch::zeros_like(out.z);
  return out;
}

void Coupling::narrow(Layer& wide, const Tensor& x, const Condition& wide_condition,
                      const Condition& condition) {
  net_->narrow(*dynamic_cast<Coupling&>(wide).net_, split(x.contiguous()).first,
               wide_condition.features, condition.features);
}

Tensor Coupling::reads_features() const {
  return net_->condition().effective_weight().flatten(0, 1);
}

Tensor Coupling::inverse(const Tensor& z, const Condition& condition) {
  const auto [passes, after] = split(z.contiguous());
  const auto [t, log_s] = shift_and_log_scale(passes, condition);
  const Tensor before = after - t;
  return join(passes, log_s.defined() ? before * torch::exp(-log_s) : before);
}

}  // namespace glowvox::flow

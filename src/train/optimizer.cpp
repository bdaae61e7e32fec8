// SPDX-License-Identifier: MIT
#include "train/optimizer.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "flow/ops.hpp"

namespace glowvox::train {

namespace {

constexpr double kBeta1 = 0.9, kEpsilon = 1e-8;
constexpr std::int64_t kGrain = 1 << 15;

struct Factors {
  float beta1, beta2, step_size, inverse_bias2, epsilon, weight_decay, keep, average, grad_scale;
  bool decoupled;
};

void update(std::int64_t n, const float* g, float* w, float* m, float* v, float* a,
            const Factors& f) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float gi = g[i] * f.grad_scale + (f.decoupled ? 0.0f : f.weight_decay * w[i]);
    m[i] = f.beta1 * m[i] + (1.0f - f.beta1) * gi;
    v[i] = f.beta2 * v[i] + (1.0f - f.beta2) * gi * gi;
    const float direction = m[i] / (std::sqrt(v[i] * f.inverse_bias2) + f.epsilon);
    w[i] = w[i] * f.keep - f.step_size * direction;
    a[i] += f.average * (w[i] - a[i]);
  }
}

// The same on any device, all tensors at once: a GPU would spend longer on the calls, one for every
// parameter, than on the work.
void update_anywhere(std::vector<Optimizer::Slot>& slots, const Factors& f) {
  std::vector<Tensor> weights, gradients, m, v, averages;
  for (const Optimizer::Slot& s : slots) {
    if (!s.weight.grad().defined()) continue;
    weights.push_back(s.weight);
    gradients.push_back(s.weight.grad());
    m.push_back(s.m);
    v.push_back(s.v);
    averages.push_back(s.average);
  }
  if (weights.empty()) return;
  const std::vector<Tensor> g = at::_foreach_mul(gradients, f.grad_scale);
  if (!f.decoupled) at::_foreach_add_(g, weights, f.weight_decay);
  at::_foreach_mul_(m, f.beta1);
  at::_foreach_add_(m, g, 1.0f - f.beta1);
  at::_foreach_mul_(v, f.beta2);
  at::_foreach_addcmul_(v, g, g, 1.0f - f.beta2);
  const std::vector<Tensor> deviations = at::_foreach_mul(v, f.inverse_bias2);
  at::_foreach_sqrt_(deviations);
  at::_foreach_add_(deviations, f.epsilon);
  at::_foreach_mul_(weights, f.keep);
  at::_foreach_addcdiv_(weights, m, deviations, -f.step_size);
  at::_foreach_mul_(averages, 1.0f - f.average);
  at::_foreach_add_(averages, weights, f.average);
}

}  // namespace

Optimizer::Optimizer(const torch::nn::Module& model, const config::TrainConfig& config)
    : config_(config) {
  for (const auto& p : model.named_parameters()) {
    const Tensor weight = p.value();
    slots_.push_back({p.key(), weight, torch::zeros_like(weight).detach(),
                      torch::zeros_like(weight).detach(), weight.detach().clone()});
  }
}

Tensor Optimizer::gradient_norm() const {
  std::vector<Tensor> gradients;
  for (const Slot& s : slots_)
    if (s.weight.grad().defined()) gradients.push_back(s.weight.grad());
  if (gradients.empty())
    return torch::zeros({}, slots_.front().weight.options().dtype(torch::kDouble));
  return torch::stack(at::_foreach_norm(gradients)).to(torch::kDouble).norm();
}

void Optimizer::step(std::int64_t step, double rate, double grad_scale) {
  const torch::NoGradGuard no_grad;
  const bool decoupled = config_.optimizer == config::OptimizerKind::kAdamW;
  const double count = static_cast<double>(step + 1);
  // The average forgets the first, random weights quickly.
  const double decay = std::min(config_.ema, (1.0 + count) / (10.0 + count));
  const double bias1 = 1.0 - std::pow(kBeta1, count);
  const double bias2 = 1.0 - std::pow(config_.beta2, count);
  const Factors f{static_cast<float>(kBeta1),
                  static_cast<float>(config_.beta2),
                  static_cast<float>(rate / bias1),
                  static_cast<float>(1.0 / bias2),
                  static_cast<float>(kEpsilon),
                  static_cast<float>(config_.weight_decay),
                  static_cast<float>(decoupled ? 1.0 - rate * config_.weight_decay : 1.0),
                  static_cast<float>(config_.ema > 0.0 ? 1.0 - decay : 1.0),
                  static_cast<float>(grad_scale),
                  decoupled};
  if (!slots_.front().weight.device().is_cpu() || flow::PortableGuard::active())
    return update_anywhere(slots_, f);
  for (Slot& s : slots_) {
    if (!s.weight.grad().defined()) continue;
    const Tensor grad = s.weight.grad().contiguous();
    const float* g = grad.data_ptr<float>();
    float* w = s.weight.data_ptr<float>();
    float* m = s.m.data_ptr<float>();
    float* v = s.v.data_ptr<float>();
    float* a = s.average.data_ptr<float>();
    at::parallel_for(0, grad.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      update(end - begin, g + begin, w + begin, m + begin, v + begin, a + begin, f);
    });
  }
}

void Optimizer::zero_grad() {
  for (Slot& s : slots_) s.weight.mutable_grad() = Tensor();
}

void Optimizer::swap_averages() {
  if (config_.ema <= 0.0) return;
  const torch::NoGradGuard no_grad;
  for (Slot& s : slots_) {
    const Tensor weight = s.weight.detach().clone();
    s.weight.copy_(s.average);
    s.average.copy_(weight);
  }
}

void Optimizer::restart_averages() {
  for (Slot& s : slots_) s.average = s.weight.detach().clone();
}

}  // namespace glowvox::train

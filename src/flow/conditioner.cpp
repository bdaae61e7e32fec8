// SPDX-License-Identifier: MIT
#include "flow/conditioner.hpp"

#include <cmath>
#include <string>

#include "dsp/natural_log.hpp"
#include "flow/narrowing.hpp"

namespace glowvox::flow {

namespace {
// Log-mels of speech, before any are seen.
constexpr double kUsualMean = -5.0, kUsualDeviation = 2.5;
constexpr double kSmallestLogDeviation = 0.1;
}  // namespace

Conditioner::Conditioner(const config::ModelConfig& config)
    : config_(config.conditioner),
      mel_(config.mel),
      group_(config.lift.channels),
      ratio_(config.mel.hop_samples / config.lift.channels) {
  const int64_t bands = mel_.bands;
  switch (config_.kind) {
    case config::ConditionerKind::kRepeat:
      features_ = bands;
      break;
    case config::ConditionerKind::kUpsample: {
      features_ = bands * group_;
      const double bound = 1.0 / std::sqrt(static_cast<double>(bands * config_.kernel));
      weight_ = register_parameter(
          "weight", torch::empty({bands, bands, config_.kernel}).uniform_(-bound, bound));
      bias_ = register_parameter("bias", torch::empty({bands}).uniform_(-bound, bound));
      break;
    }
    case config::ConditionerKind::kFrames: {
      features_ = config_.channels;
      mean_ = register_buffer("mean", torch::full({bands}, kUsualMean));
      deviation_ = register_buffer("deviation", torch::full({bands}, kUsualDeviation));
      ConvOptions options;
      options.in = bands;
      options.out = features_;
      input_ = register_module("input", std::make_shared<Conv>(options));
      options.in = features_;
      for (int i = 0; i < config_.layers; ++i) {
        options.kernel = config_.kernel;
        options.causal = config_.causal;
        first_.push_back(
            register_module("first_" + std::to_string(i), std::make_shared<Conv>(options)));
        options.kernel = 1;
        second_.push_back(
            register_module("second_" + std::to_string(i), std::make_shared<Conv>(options)));
      }
      break;
    }
  }
}

Tensor Conditioner::natural_log(const Tensor& mel) const {
  const dsp::NaturalLog rule(mel_);
  const Tensor ln = rule.is_taken ? mel.clamp_min(dsp::NaturalLog::kSmallest).log() : mel;
  return rule.factor == 1.0 ? ln : ln * rule.factor;
}

Tensor Conditioner::repeat(const Tensor& x) const {
  return ratio_ == 1 ? x : x.repeat_interleave(ratio_, 0);
}

Tensor Conditioner::upsample(const Tensor& mel) const {
  const int64_t F = mel.size(0), B = mel.size(1), bands = mel.size(2), hop = mel_.hop_samples;
  const Tensor up = at::conv_transpose1d(mel.permute({1, 2, 0}), weight_, bias_, {hop})
                        .narrow(2, 0, F * hop);  // [B, bands, F * hop]
  return up.reshape({B, bands, F * hop / group_, group_})
      .permute({2, 0, 1, 3})
      .reshape({F * hop / group_, B, bands * group_});
}

Condition Conditioner::forward(const Tensor& mel) {
  const Tensor ln = natural_log(mel);
  switch (config_.kind) {
    case config::ConditionerKind::kUpsample:
      return {repeat(ln), upsample(mel)};
    case config::ConditionerKind::kRepeat:
      return {repeat(ln), repeat(mel)};
    case config::ConditionerKind::kFrames:
      break;
  }
  Tensor h = input_->forward((ln - mean_) / deviation_);
  for (size_t i = 0; i < first_.size(); ++i)
    h = h + second_[i]->forward(torch::gelu(first_[i]->forward(h)));
  return {repeat(ln), repeat(h)};
}

void Conditioner::initialize(const Tensor& mel) {
  if (config_.kind != config::ConditionerKind::kFrames) return;
  const torch::NoGradGuard no_grad;
  const Tensor ln = natural_log(mel);
  mean_.copy_(ln.mean(torch::IntArrayRef({0, 1})));
  deviation_.copy_((ln - mean_)
                       .square()
                       .mean(torch::IntArrayRef({0, 1}))
                       .sqrt()
                       .clamp_min(kSmallestLogDeviation));
}

void Conditioner::narrow(Conditioner& wide, const Tensor& mel, const Tensor& readers) {
  const torch::NoGradGuard no_grad;
  if (features_ == wide.features_) return copy_weights(*this, wide);
  mean_.copy_(wide.mean_);
  deviation_.copy_(wide.deviation_);
  const Tensor normal = (natural_log(mel) - mean_) / deviation_;
  std::vector<Tensor> path = {wide.input_->forward(normal)}, hidden;
  Tensor covariance = covariance_of(settled(path[0])), reads = readers.to(torch::kDouble);
  for (size_t i = 0; i < first_.size(); ++i) {
    hidden.push_back(torch::gelu(wide.first_[i]->forward(path[i])));
    path.push_back(path[i] + wide.second_[i]->forward(hidden[i]));
    covariance = covariance + covariance_of(settled(path.back()));
    reads = torch::cat({reads, wide.first_[i]->effective_weight().flatten(0, 1)});
  }
  const Projection told = reduced(covariance, reads, features_);
  const Tensor down = told.down.to(normal);
  input_->set(at::matmul(down, wide.input_->effective_weight().squeeze(1)).unsqueeze(1),
              at::mv(down, wide.input_->bias()));
  Tensor h = input_->forward(normal);
  for (size_t i = 0; i < first_.size(); ++i) {
    const Tensor leaves = at::mm(down, wide.second_[i]->effective_weight().squeeze(1));
    const Tensor kept = telling(covariance_of(settled(hidden[i])),
                                at::mm(at::mm(reads, told.up), leaves.to(reads)), features_);
    const auto first = told.of(wide.first_[i]->effective_weight(), wide.first_[i]->bias(),
                               mean_of(settled(path[i])));
    first_[i]->set(first.weight.index_select(0, kept), first.bias.index_select(0, kept));
    const Tensor act = torch::gelu(first_[i]->forward(h));
    const auto second = least_squares(settled(act), settled(at::linear(path[i + 1], down) - h));
    second_[i]->set(second.weight, second.bias);
    h = h + second_[i]->forward(act);
  }
}

double Conditioner::macs_per_lifted_frame() const {
  if (config_.kind == config::ConditionerKind::kUpsample)
    return static_cast<double>(mel_.bands) * mel_.bands * config_.kernel / ratio_;
  double macs = input_ ? input_->macs_per_frame() : 0.0;
  for (const auto& c : first_) macs += c->macs_per_frame();
  for (const auto& c : second_) macs += c->macs_per_frame();
  return macs / ratio_;
}

}  // namespace glowvox::flow

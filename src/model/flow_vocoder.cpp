// SPDX-License-Identifier: MIT
#include "model/flow_vocoder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/random.hpp"
#include "flow/actnorm.hpp"
#include "flow/coupling.hpp"
#include "flow/mixing.hpp"
#include "flow/scale_shift.hpp"
#include "glowvox/error.hpp"
#include "model/recomputed_chain.hpp"

namespace glowvox::model {

FlowVocoder::FlowVocoder(const config::ModelConfig& config)
    : config_(config), lift_(config.lift), base_(config.base) {
  config::validate(config_, config_.name.empty() ? "configuration" : config_.name);
  conditioner_ = register_module("conditioner", std::make_shared<flow::Conditioner>(config_));
  const auto add = [&](Step& step, const std::string& name, std::shared_ptr<flow::Layer> layer) {
    if (layer) step.layers.push_back(register_module(name, std::move(layer)));
  };
  const int64_t features = conditioner_->features();
  if (config_.scale_shift) {
    Step step;
    add(step, "scale_shift",
        std::make_shared<flow::ScaleShift>("scale_shift", config_.lift.channels, features,
                                           config_.mel, lift_.spectral()));
    steps_.push_back(std::move(step));
  }
  for (int i = 0; i < config_.steps; ++i) {
    Step step;
    const int64_t channels = config::channels_at_step(config_, i);
    if (i > 0 && config_.early.every > 0 && i % config_.early.every == 0)
      step.early_channels = config_.early.channels;
    const std::string prefix = "step_" + std::to_string(i);
    if (config_.actnorm)
      add(step, prefix + "_actnorm",
          std::make_shared<flow::ActNorm>(prefix + "_actnorm", channels));
    add(step, prefix + "_mixing",
        flow::make_mixing(prefix + "_mixing", config_.mixing, config_.mixing_start, channels));
    add(step, prefix + "_coupling",
        std::make_shared<flow::Coupling>(prefix + "_coupling", channels, features, config_.coupling,
                                         config_.net, config_.coupling.alternate && i % 2 == 1));
    steps_.push_back(std::move(step));
  }
}

void FlowVocoder::check_shapes(const Tensor& audio, const Tensor& mel, flow::Edges edges) const {
  const int64_t bands = config_.mel.bands, hop = config_.mel.hop_samples;
  if (mel.dim() != 3 || mel.size(2) != bands)
    throw Error("mel", fmt::format("expected {} bands, got {}", bands, mel.size(-1)));
  if (mel.size(1) == 0) throw Error("mel", "expected one frame or more, got 0");
  const int64_t samples = audio.size(1) - (edges == flow::Edges::kMargins ? 2 * margin() : 0);
  if (audio.size(0) != mel.size(0) || samples != mel.size(1) * hop)
    throw Error("audio", fmt::format("expected {} samples for {} mel frames, got {}",
                                     mel.size(1) * hop, mel.size(1), samples));
}

flow::Condition FlowVocoder::condition(const Tensor& mel) {
  return conditioner_->forward(mel.transpose(0, 1).contiguous());
}

Encoded FlowVocoder::encode(const Tensor& audio, const Tensor& mel, flow::Edges edges) {
  check_shapes(audio, mel, edges);
  const flow::Condition given = condition(mel);
  Tensor x = lift_.forward(audio, edges);
  Tensor log_det = torch::zeros({audio.size(0)}, x.options());
  Tensor frames = torch::zeros({x.size(0), x.size(1)}, x.options());
  const bool recompute = recompute_ && torch::GradMode::is_enabled();
  RecomputedChain chain(given);
  Tensor channels = flow::wants_channels() ? torch::zeros_like(x) : Tensor();
  std::vector<Tensor> early;
  for (const Step& step : steps_) {
    if (step.early_channels > 0) {
      const Tensor leaving = x.narrow(2, 0, step.early_channels);
      // A copy where nothing else is to keep the whole of x.
      early.push_back(recompute ? leaving.clone() : leaving);
      x = x.narrow(2, step.early_channels, x.size(2) - step.early_channels);
    }
    if (recompute) {
      const flow::Output out =
          chain.forward(step.layers, x, step.early_channels > 0 ? early.back() : Tensor());
      x = out.z;
      log_det = log_det + out.log_det;
      frames = frames + out.frame_log_det;
      continue;
    }
    for (const auto& layer : step.layers) {
      const flow::Output out = layer->forward(x, given);
      x = out.z;
      log_det = log_det + out.log_det;
      frames = frames + out.frame_log_det;
      if (!out.channel_log_det.defined()) channels = Tensor();
      if (channels.defined())
        channels.narrow(2, channels.size(2) - x.size(2), x.size(2)).add_(out.channel_log_det);
    }
  }
  early.push_back(x);
  return {early.size() == 1 ? x : torch::cat(early, 2), log_det, frames, channels, base_};
}

Tensor FlowVocoder::decode(const Tensor& z, const Tensor& mel) {
  check_invertible();
  return lift_.inverse(decode_rows(z, mel));
}

Tensor FlowVocoder::decode_rows(const Tensor& z, const Tensor& mel) {
  const flow::Condition given = condition(mel);
  const int64_t frames = given.mel.size(0);
  if (z.dim() != 3 || z.size(0) != frames || z.size(1) != mel.size(0) ||
      z.size(2) != lift_.channels())
    throw Error("latent", fmt::format("expected [{}, {}, {}] (clips, channels, frames) for this "
                                      "mel, got [{}, {}, {}]",
                                      mel.size(0), lift_.channels(), frames, z.size(1), z.size(2),
                                      z.size(0)));
  int64_t left = lift_.channels();
  for (const Step& step : steps_) left -= step.early_channels;
  int64_t first = z.size(2) - left;
  Tensor x = z.narrow(2, first, left), joined;
  const bool recompute = recompute_ && torch::GradMode::is_enabled();
  RecomputedChain chain(given);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (recompute) {
      x = chain.inverse(step->layers, x, joined);
    } else {
      for (auto layer = step->layers.rbegin(); layer != step->layers.rend(); ++layer)
        x = (*layer)->inverse(x, given);
    }
    joined = Tensor();
    if (step->early_channels > 0) {
      first -= step->early_channels;
      joined = z.narrow(2, first, step->early_channels);
      x = torch::cat({joined, x}, 2);
    }
  }
  return x;
}

Tensor Encoded::log_prob() const { return base.log_prob(z).sum(0) + log_det; }

Tensor Encoded::frame_log_prob() const { return base.log_prob(z) + frame_log_det; }

Tensor Encoded::channel_log_prob() const {
  if (!channel_log_det.defined()) return {};
  return base.channel_log_prob(z) + channel_log_det;
}

Tensor FlowVocoder::log_prob(const Tensor& audio, const Tensor& mel, flow::Edges edges) {
  return encode(audio, mel, edges).log_prob();
}

Tensor FlowVocoder::noise(int64_t batch, int64_t mel_frames, double sigma, uint64_t seed) const {
  const int64_t C = lift_.channels();
  const int64_t T = mel_frames * config_.mel.hop_samples / C;
  Tensor z = torch::empty({T, C});
  for (int64_t c = 0; c < C; ++c)
    fill_normal(seed, 0, static_cast<uint32_t>(c), 0, T, z.data_ptr<float>() + c, C);
  return (z * sigma).unsqueeze(1).expand({T, batch, C});
}

std::vector<float> FlowVocoder::synthesize(const Mel& mel, double sigma, uint64_t seed) {
  const torch::NoGradGuard no_grad;
  const int64_t shift = std::max(0, config::alignment_shift_samples(config_));
  Tensor frames = torch::tensor(mel.values).view({1, mel.frames, mel.bands});
  // Frames that begin before the audio lack as much at its end: the last one once more.
  if (shift > 0) frames = torch::cat({frames, frames.narrow(1, mel.frames - 1, 1)}, 1);
  const Tensor audio =
      decode(noise(1, frames.size(1), sigma, seed).to(device()), frames.to(device()))
          .cpu()
          .contiguous();
  const float* samples = audio.data_ptr<float>() + shift;
  return {samples, samples + mel.frames * config_.mel.hop_samples};
}

void FlowVocoder::initialize(const Tensor& audio, const Tensor& mel, flow::Edges edges) {
  const torch::NoGradGuard no_grad;
  check_shapes(audio, mel, edges);
  conditioner_->initialize(mel.transpose(0, 1));
  const flow::Condition given = condition(mel);
  Tensor x = lift_.forward(audio, edges);
  for (const Step& step : steps_) {
    x = x.narrow(2, step.early_channels, x.size(2) - step.early_channels);
    for (const auto& layer : step.layers) {
      layer->initialize(x, given);
      x = layer->forward(x, given).z;
    }
  }
}

void FlowVocoder::narrow(FlowVocoder& wide, const Tensor& audio, const Tensor& mel,
                         flow::Edges edges) {
  const torch::NoGradGuard no_grad;
  check_shapes(audio, mel, edges);
  std::vector<Tensor> readers;
  for (const Step& step : wide.steps_)
    for (const auto& layer : step.layers)
      if (const Tensor weights = layer->reads_features(); weights.defined())
        readers.push_back(weights);
  conditioner_->narrow(*wide.conditioner_, mel.transpose(0, 1).contiguous(), torch::cat(readers));
  const flow::Condition theirs = wide.condition(mel), given = condition(mel);
  Tensor x = lift_.forward(audio, edges);
  for (size_t i = 0; i < steps_.size(); ++i) {
    const int64_t early = steps_[i].early_channels;
    x = x.narrow(2, early, x.size(2) - early);
    for (size_t j = 0; j < steps_[i].layers.size(); ++j) {
      flow::Layer& layer = *wide.steps_[i].layers[j];
      steps_[i].layers[j]->narrow(layer, x, theirs, given);
      x = layer.forward(x, theirs).z;
    }
  }
}

void FlowVocoder::randomize() {
  const torch::NoGradGuard no_grad;
  for (const Step& step : steps_)
    for (const auto& layer : step.layers) layer->randomize();
}

void FlowVocoder::check_invertible() const {
  const torch::NoGradGuard no_grad;
  for (const Step& step : steps_)
    for (const auto& layer : step.layers) layer->check_invertible();
}

std::vector<MixingState> FlowVocoder::mixing_states() const {
  const torch::NoGradGuard no_grad;
  std::vector<MixingState> states;
  for (const Step& step : steps_)
    for (const auto& layer : step.layers) {
      const Tensor W = layer->mixing_matrix();
      if (!W.defined()) continue;
      const Tensor log_det = std::get<1>(at::linalg_slogdet(W.to(torch::kDouble)));
      states.push_back({layer->layer_name(), flow::condition_number(W), log_det.item<double>()});
    }
  return states;
}

double FlowVocoder::feature_variation(const Tensor& mel) {
  const torch::NoGradGuard no_grad;
  const Tensor f = condition(mel).features;
  const Tensor deviation = (f - f.mean(0, true)).square().mean().sqrt();
  return (deviation / f.square().mean().sqrt().clamp_min(1e-12)).item<double>();
}

int64_t FlowVocoder::parameter_count() const {
  int64_t count = 0;
  for (const Tensor& p : parameters()) count += p.numel();
  return count;
}

double FlowVocoder::gmac_per_second() const {
  double macs = lift_.macs_per_frame() + conditioner_->macs_per_lifted_frame();
  for (const Step& step : steps_)
    for (const auto& layer : step.layers) macs += layer->macs_per_frame();
  return macs * config_.mel.sample_rate_hz / lift_.channels() * 1e-9;
}

}  // namespace glowvox::model

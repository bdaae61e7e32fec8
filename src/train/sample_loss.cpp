// SPDX-License-Identifier: MIT
#include "train/sample_loss.hpp"

#include <ATen/Parallel.h>

#include "config/receptive_field.hpp"
#include "core/random.hpp"

namespace glowvox::train {

namespace {

constexpr std::uint32_t kTrainingStream = 4, kHeldOutStream = 5;

}  // namespace

SampleLoss::SampleLoss(const config::ModelConfig& config, std::uint64_t seed)
    : config_(config.train.sample_loss), seed_(seed), hop_(config.mel.hop_samples) {
  const std::int64_t skipped = config_.skip_frames * hop_;
  before_ = skipped;
  after_ = config::reach_of(config).future_samples > 0 ? skipped : 0;
}

bool SampleLoss::long_enough(std::int64_t mel_frames) const {
  return mel_frames * hop_ - before_ - after_ >=
         SpectralDistance(config_).fewest_samples() + 2 * hop_;
}

EnergyDistance SampleLoss::operator()(model::FlowVocoder& model, const Tensor& audio,
                                      const Tensor& mel, std::uint64_t segment) const {
  const std::int64_t margin = model.margin();
  const Tensor whole = audio.narrow(1, margin, audio.size(1) - 2 * margin);
  return compare(model, whole, mel, kTrainingStream, segment);
}

EnergyDistance SampleLoss::held_out(model::FlowVocoder& model, const Tensor& audio,
                                    const Tensor& mel, std::uint64_t clip) const {
  const torch::NoGradGuard no_grad;
  return compare(model, audio, mel, kHeldOutStream, clip);
}

EnergyDistance SampleLoss::compare(model::FlowVocoder& model, const Tensor& audio,
                                   const Tensor& mel, std::uint32_t stream,
                                   std::uint64_t segment) const {
  const std::int64_t margin = model.margin(), C = model.config().lift.channels;
  const auto noise =
      sample_noise(seed_, stream, segment, mel.size(0), audio.size(1) / C, C, model.device());
  // Of what whole frames complete, what the nets have their past (and future) for.
  const auto compared = [&](const Tensor& inner) {
    return inner.narrow(1, before_, inner.size(1) - before_ - after_);
  };
  const Tensor y = compared(model.decode_segment(noise[0], mel));
  Tensor other;
  {
    const torch::NoGradGuard no_grad;
    other = compared(model.decode_segment(noise[1], mel));
  }
  const Tensor x = compared(audio.narrow(1, margin, audio.size(1) - 2 * margin));
  return energy_distance(config_, x, y, other);
}

std::array<Tensor, 2> sample_noise(std::uint64_t seed, std::uint32_t stream, std::uint64_t segment,
                                   std::int64_t batch, std::int64_t frames, std::int64_t channels,
                                   const torch::Device& device) {
  const std::int64_t count = frames * channels;
  const Tensor values = torch::empty({2, batch, frames, channels});
  float* out = values.data_ptr<float>();
  at::parallel_for(0, 2 * batch, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      fill_normal(seed, stream, static_cast<std::uint32_t>(i / batch),
                  static_cast<std::int64_t>(segment + i % batch) * count, count, out + i * count);
  });
  const auto time_major = [&](std::int64_t which) {
    return values[which].transpose(0, 1).contiguous().to(device);
  };
  return {time_major(0), time_major(1)};
}

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
#include "train/sample_loss.hpp"

#include <algorithm>

#include "config/receptive_field.hpp"
#include "core/random.hpp"

namespace glowvox::train {

namespace {

constexpr std::uint32_t kTrainingStream = 4, kHeldOutStream = 5;

}  // namespace

SampleLoss::SampleLoss(const config::ModelConfig& config, std::uint64_t seed)
    : config_(config.train.sample_loss),
      sample_rate_hz_(config.mel.sample_rate_hz),
      mel_distance_(config.mel),
      seed_(seed),
      hop_(config.mel.hop_samples),
      channels_(config.lift.channels) {
  const std::int64_t skipped = config_.skip_frames * hop_;
  before_ = skipped;
  after_ = config::reach_of(config).future_samples > 0 ? skipped : 0;
  if (config_.corrected > 0.0) correction_.emplace(config);
}

bool SampleLoss::long_enough(std::int64_t mel_frames) const {
  const std::int64_t fewest =
      std::max<std::int64_t>(*std::max_element(config_.fft_sizes.begin(), config_.fft_sizes.end()),
                             mel_distance_.fewest_samples());
  return mel_frames * hop_ - before_ - after_ >= fewest + 2 * hop_;
}

SampleDistances SampleLoss::operator()(model::FlowVocoder& model, const Tensor& audio,
                                       const Tensor& mel, const std::array<Tensor, 2>& noise,
                                       const Tensor& corrected) const {
  const std::int64_t margin = model.margin();
  const Tensor whole = audio.narrow(1, margin, audio.size(1) - 2 * margin);
  return compare(model, whole, mel, noise, corrected);
}

std::array<Tensor, 2> SampleLoss::noise(std::uint64_t segment, std::int64_t batch,
                                        std::int64_t frames, bool pinned) const {
  return noise_of(kTrainingStream, segment, batch, frames, pinned);
}

std::array<Tensor, 2> SampleLoss::noise_of(std::uint32_t stream, std::uint64_t segment,
                                           std::int64_t batch, std::int64_t frames,
                                           bool pinned) const {
  return sample_noise(seed_, stream, segment, batch, frames * hop_ / channels_, channels_, pinned);
}

SampleDistances SampleLoss::held_out(model::FlowVocoder& model, const Tensor& audio,
                                     const Tensor& mel, std::uint64_t clip) const {
  const torch::NoGradGuard no_grad;
  auto noise = noise_of(kHeldOutStream, clip, mel.size(0), mel.size(1), false);
  for (Tensor& t : noise) t = t.to(model.device());
  return compare(model, audio, mel, noise, {});
}

SampleDistances SampleLoss::compare(model::FlowVocoder& model, const Tensor& audio,
                                    const Tensor& mel, const std::array<Tensor, 2>& noise,
                                    const Tensor& corrected) const {
  const std::int64_t margin = model.margin();
  const auto sample = [&](const Tensor& z) {
    const Tensor rows = model.decode_rows(z, mel);
    const Tensor sound = model.lift().inverse(rows);
    if (!corrected.defined() || corrected.numel() == 0) return sound;
    const auto of = [&](const Tensor& t) { return t.index_select(0, corrected); };
    const Tensor ahead = model.lift().ahead(rows.index_select(1, corrected));
    return sound.index_copy(0, corrected, (*correction_)(of(sound), ahead, of(mel)));
  };
  // Of what whole frames complete, what the nets have their past (and future) for.
  const auto compared = [&](const Tensor& whole) {
    const Tensor inner = whole.narrow(1, margin, whole.size(1) - 2 * margin);
    return inner.narrow(1, before_, inner.size(1) - before_ - after_);
  };
  const Tensor y = compared(sample(noise[0]));
  Tensor other;
  {
    const torch::NoGradGuard no_grad;
    other = compared(sample(noise[1]));
  }
  const Tensor x = compared(audio);
  const EnergyDistance d = energy_distance(config_, sample_rate_hz_, x, y, other);
  SampleDistances all{d.fit, d.spread, {}, config_.weight * d.objective};
  if (config_.mel_weight > 0.0) {
    const Tensor distance = mel_distance_(x, y);
    all.mel = distance.detach();
    all.objective = all.objective + config_.mel_weight * distance;
  }
  return all;
}

std::array<Tensor, 2> sample_noise(std::uint64_t seed, std::uint32_t stream, std::uint64_t segment,
                                   std::int64_t batch, std::int64_t frames, std::int64_t channels,
                                   bool pinned) {
  const auto options = torch::TensorOptions().pinned_memory(pinned);
  std::array<Tensor, 2> both;
  for (std::uint32_t which = 0; which < both.size(); ++which) {
    both[which] = torch::empty({frames, batch, channels}, options);
    float* out = both[which].data_ptr<float>();
    for (std::int64_t t = 0; t < frames; ++t)
      for (std::int64_t b = 0; b < batch; ++b, out += channels)
        fill_normal(seed, stream, which,
                    (static_cast<std::int64_t>(segment) + b) * frames * channels + t * channels,
                    channels, out);
  }
  return both;
}

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
// What the single keys cannot say: ranges and combinations.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/model_config.hpp"
#include "config/receptive_field.hpp"
#include "glowvox/error.hpp"

namespace glowvox::config {

namespace {

// Far beyond any sensible model, near enough to stop a slip of the finger before it takes the
// memory.
constexpr int kMostChannels = 65536, kMostLayers = 1024, kMostTaps = 65536;
constexpr double kMostReal = 1e6;
constexpr std::int64_t kMostContextRows = 1 << 22;

template <typename T>
void between(const std::string& where, const char* key, T value, T least, T most) {
  if (!(value >= least && value <= most))
    throw Error(where + ": " + key,
                fmt::format("expected a value from {} to {}, got {}", least, most, value));
}

void validate_net(const ModelConfig& c, const std::string& where) {
  between(where, "net.layers", c.net.layers, 1, kMostLayers);
  between(where, "net.channels", c.net.channels, 1, kMostChannels);
  between(where, "net.kernel", c.net.kernel, 1, kMostTaps);
  if (!c.net.causal && c.net.kernel % 2 == 0)
    throw Error(where + ": net.kernel",
                fmt::format("expected an odd number of taps, got {}", c.net.kernel),
                "an even kernel needs causal: true");
  if (!c.net.dilations.empty() && static_cast<int>(c.net.dilations.size()) != c.net.layers)
    throw Error(where + ": net.dilations",
                fmt::format("expected one for each of the {} layers, got {}", c.net.layers,
                            c.net.dilations.size()));
  for (const int d : c.net.dilations) between(where, "net.dilations", d, 1, kMostTaps);
  if (c.net.dilations.empty() && c.net.layers > 16)
    throw Error(where + ": net.layers",
                fmt::format("expected 16 or fewer with doubling dilations, got {}", c.net.layers));
  std::int64_t rows = 0;
  for (int i = 0; i < c.net.layers; ++i)
    rows += std::int64_t{c.steps} * (c.net.kernel - 1) * dilation_of(c.net, i);
  if (rows > kMostContextRows)
    throw Error(where + ": net.dilations",
                fmt::format("expected nets that see {} rows or fewer in all, got {}",
                            kMostContextRows, rows));
}

void validate_conditioner(const ModelConfig& c, const std::string& where) {
  const ConditionerConfig& k = c.conditioner;
  if (k.kind == ConditionerKind::kFrames) {
    between(where, "conditioner.channels", k.channels, 1, kMostChannels);
    between(where, "conditioner.layers", k.layers, 0, kMostLayers);
    between(where, "conditioner.kernel", k.kernel, 1, kMostTaps);
    if (!k.causal && k.kernel % 2 == 0)
      throw Error(where + ": conditioner.kernel",
                  fmt::format("expected an odd number of taps, got {}", k.kernel),
                  "an even kernel needs causal: true");
  }
  if (k.kind == ConditionerKind::kUpsample)
    between(where, "conditioner.kernel", k.kernel, 1, kMostTaps);
  if (k.kind == ConditionerKind::kUpsample && k.kernel < c.mel.hop_samples)
    throw Error(where + ": conditioner.kernel",
                fmt::format("expected at least the mel's hop of {} samples, got {}",
                            c.mel.hop_samples, k.kernel));
}

void validate_channels(const ModelConfig& c, const std::string& where) {
  between(where, "lift.channels", c.lift.channels, 2, kMostChannels);
  if (c.lift.channels % 2 != 0)
    throw Error(where + ": lift.channels",
                fmt::format("expected an even number, got {}", c.lift.channels),
                "a coupling splits the channels into two halves");
  if (c.mel.hop_samples % c.lift.channels != 0)
    throw Error(where + ": lift.channels",
                fmt::format("expected a divisor of the mel's hop of {} samples, got {}",
                            c.mel.hop_samples, c.lift.channels));
  between(where, "early.every", c.early.every, 0, kMostLayers);
  if (c.early.every == 0) return;
  between(where, "early.channels", c.early.channels, 1, kMostChannels);
  for (int step = c.early.every; step < c.steps; step += c.early.every) {
    const int before = channels_at_step(c, step - 1);
    if (c.early.channels >= before)
      throw Error(where + ": early.channels",
                  fmt::format("{} channels leave before step {}, but only {} are left there",
                              c.early.channels, step, before),
                  "at least two must stay");
    if ((before - c.early.channels) % 2 != 0)
      throw Error(where + ": early.channels",
                  fmt::format("leaves {} channels at step {}, expected an even number",
                              before - c.early.channels, step),
                  "a coupling splits the channels into two halves");
  }
}

void not_below(const std::string& where, const char* key, double value, double least) {
  if (value < least)
    throw Error(where + ": " + key,
                fmt::format("expected no less than its lower end {}, got {}", least, value));
}

void validate_augment(const AugmentConfig& a, double nyquist_hz, const std::string& where) {
  between(where, "train.augment.gain_db", a.gain_db, 0.0, 60.0);
  between(where, "train.augment.polarity", a.polarity, 0.0, 1.0);
  between(where, "train.augment.speed.probability", a.speed.probability, 0.0, 1.0);
  between(where, "train.augment.speed.least", a.speed.least, 0.5, 2.0);
  between(where, "train.augment.speed.most", a.speed.most, 0.5, 2.0);
  not_below(where, "train.augment.speed.most", a.speed.most, a.speed.least);
  between(where, "train.augment.low_pass.probability", a.low_pass.probability, 0.0, 1.0);
  if (a.low_pass.probability > 0.0) {
    between(where, "train.augment.low_pass.least_hz", a.low_pass.least_hz, 500.0, nyquist_hz);
    between(where, "train.augment.low_pass.most_hz", a.low_pass.most_hz, 500.0, nyquist_hz);
    not_below(where, "train.augment.low_pass.most_hz", a.low_pass.most_hz, a.low_pass.least_hz);
  }
  between(where, "train.augment.noise.probability", a.noise.probability, 0.0, 1.0);
  between(where, "train.augment.noise.least_db", a.noise.least_db, 0.0, 120.0);
  between(where, "train.augment.noise.most_db", a.noise.most_db, 0.0, 120.0);
  not_below(where, "train.augment.noise.most_db", a.noise.most_db, a.noise.least_db);
  between(where, "train.augment.mel_blur.probability", a.mel_blur.probability, 0.0, 1.0);
  between(where, "train.augment.mel_blur.frames", a.mel_blur.frames, 0.0, 20.0);
  between(where, "train.augment.mel_blur.bands", a.mel_blur.bands, 0.0, 20.0);
  between(where, "train.augment.mel_blur.noise", a.mel_blur.noise, 0.0, 10.0);
}

void validate_train(const TrainConfig& t, const std::string& where) {
  between(where, "train.batch", t.batch, 1, kMostChannels);
  between(where, "train.segment_frames", t.segment_frames, 2, kMostChannels);
  between(where, "train.warmup_steps", t.warmup_steps, 0, 1000000);
  between(where, "train.weight_decay", t.weight_decay, 0.0, kMostReal);
  between(where, "train.clip_norm", t.clip_norm, 0.0, kMostReal);
  if (!(t.rate > 0.0 && t.rate <= kMostReal))
    throw Error(where + ": train.rate", fmt::format("expected a positive number, got {}", t.rate));
  between(where, "train.final_rate", t.final_rate, 0.0, 1.0);
  between(where, "train.beta2", t.beta2, 0.0, 1.0);
  between(where, "train.ema", t.ema, 0.0, 1.0);
  between(where, "train.accumulate", t.accumulate, 1, t.batch);
  between(where, "train.outlier", t.outlier, 0.0, kMostReal);
  between(where, "train.patience", t.patience, 1, 1000000);
  between(where, "train.tempering", t.tempering, 0.0, 1.0);
}

void validate_base(const BaseConfig& b, const std::string& where) {
  if (!(b.channel_share > 0.0 && b.channel_share < 1.0))
    throw Error(where + ": base.channel_share",
                fmt::format("expected a share between 0 and 1, got {}", b.channel_share));
  if (!(b.frame_cost > 0.0 && b.frame_cost <= kMostReal))
    throw Error(where + ": base.frame_cost",
                fmt::format("expected a positive number of nats, got {}", b.frame_cost));
}

// How much of a segment is left to compare, and whether the largest transform fits in it.
void validate_objective(const ModelConfig& c, const std::string& where) {
  const LikelihoodConfig& l = c.train.likelihood;
  const SampleLossConfig& d = c.train.sample_loss;
  between(where, "train.likelihood.weight", l.weight, 0.0, kMostReal);
  between(where, "train.likelihood.share", l.share, 0.0, 1.0);
  between(where, "train.sample_loss.weight", d.weight, 0.0, kMostReal);
  if (d.weight == 0.0 && (l.weight == 0.0 || l.share < 1.0))
    throw Error(
        where + ": train.likelihood",
        fmt::format("expected a weight above 0 and a share of 1 where there is no sample_loss, "
                    "got {} and {}",
                    l.weight, l.share));
  if (d.weight == 0.0) return;
  if (!(d.log_floor > 0.0 && d.log_floor <= 1.0))
    throw Error(where + ": train.sample_loss.log_floor",
                fmt::format("expected a value above 0, up to 1, got {}", d.log_floor));
  if (d.fft_sizes.empty())
    throw Error(where + ": train.sample_loss.fft_sizes", "expected one or more, got none");
  for (const int size : d.fft_sizes) {
    between(where, "train.sample_loss.fft_sizes", size, 4, kMostTaps);
    if (size % 4 != 0)
      throw Error(where + ": train.sample_loss.fft_sizes",
                  fmt::format("expected multiples of 4 (the hop is a quarter), got {}", size));
  }
  between(where, "train.sample_loss.skip_frames", d.skip_frames, 0, c.train.segment_frames - 1);
  const std::int64_t left = compared_samples(c);
  const int largest = *std::max_element(d.fft_sizes.begin(), d.fft_sizes.end());
  if (left < largest)
    throw Error(where + ": train.sample_loss",
                fmt::format("expected segments of which {} samples or more are compared (the "
                            "largest of fft_sizes), got {}",
                            largest, left),
                "raise train.segment_frames or lower train.sample_loss.skip_frames");
}

void validate_statistics(const ModelConfig& c, const std::string& where) {
  const auto& [mean, deviation] = c.mel_statistics;
  const auto bands = static_cast<std::size_t>(c.mel.bands);
  if (mean.empty() && deviation.empty()) return;
  if (mean.size() != bands || deviation.size() != bands)
    throw Error(where + ": mel_statistics",
                fmt::format("expected a mean and a deviation for each of {} bands, got {} and {}",
                            bands, mean.size(), deviation.size()));
  for (std::size_t b = 0; b < bands; ++b)
    if (!std::isfinite(mean[b]) || !std::isfinite(deviation[b]) || !(deviation[b] > 0.0F))
      throw Error(
          where + ": mel_statistics",
          fmt::format("band {}: expected a finite mean and a positive deviation, got {} and {}", b,
                      mean[b], deviation[b]));
}

}  // namespace

void validate(const ModelConfig& c, const std::string& where) {
  glowvox::validate(c.mel, where + ": mel");
  between(where, "steps", c.steps, 1, kMostLayers);
  between(where, "coupling.log_s_bound", c.coupling.log_s_bound, 0.0, kMostReal);
  validate_channels(c, where);
  validate_net(c, where);
  validate_conditioner(c, where);
  validate_train(c.train, where);
  validate_objective(c, where);
  validate_base(c.base, where);
  validate_augment(c.train.augment, 0.5 * c.mel.sample_rate_hz, where);
  validate_statistics(c, where);
  between(where, "synthesis.denoise", c.synthesis.denoise, 0.0, kMostDenoise);
  between(where, "synthesis.corrections", c.synthesis.corrections, 0, kMostCorrections);
  if (c.alignment == MelAlignment::kHopCenter && c.mel.padding == MelPadding::kNone)
    throw Error(where + ": alignment", "expected as_is with unpadded mel frames, got hop_center");
  if (c.mel.mean != 0.0 || c.mel.deviation != 1.0)
    throw Error(where + ": mel",
                "a model takes mels that are not normalised (it learns their mean and deviation "
                "itself)",
                "leave out mean and deviation");
  if (c.mel.win_samples < c.mel.hop_samples)
    throw Error(where + ": mel.win_samples", fmt::format("expected at least the hop of {}, got {}",
                                                         c.mel.hop_samples, c.mel.win_samples));
}

int channels_at_step(const ModelConfig& c, int step) {
  const int left = c.early.every > 0 ? step / c.early.every : 0;
  return c.lift.channels - left * c.early.channels;
}

std::int64_t compared_samples(const ModelConfig& c) {
  // Where a model looks ahead, its last frames lack what comes as its first lack their past.
  const std::int64_t sides = reach_of(c).future_samples > 0 ? 2 : 1;
  const std::int64_t overlap = c.lift.kind == LiftKind::kMdct ? c.lift.channels : 0;
  return (c.train.segment_frames - sides * c.train.sample_loss.skip_frames) *
             std::int64_t{c.mel.hop_samples} -
         overlap;
}

int alignment_shift_samples(const ModelConfig& c) {
  if (c.alignment == MelAlignment::kAsIs) return 0;
  return c.mel.hop_samples / 2 - frame_center_samples(c.mel);
}

}  // namespace glowvox::config

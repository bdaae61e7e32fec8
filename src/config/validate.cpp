// SPDX-License-Identifier: MIT
// Ranges of the single keys, and what they cannot say: combinations.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/model_config.hpp"
#include "config/receptive_field.hpp"
#include "config/schema.hpp"
#include "dsp/correction_rule.hpp"
#include "glowvox/error.hpp"

namespace glowvox::config {

namespace {

constexpr std::int64_t kMostContextRows = 1 << 22;

// Every number against the range of its key. place: "FILE: " or "FILE: train."
void validate_ranges(const Keys& keys, const std::string& place) {
  for (const Key& key : keys) {
    if (const auto* section = std::get_if<Keys>(&key.value)) {
      validate_ranges(*section, place + key.name + ".");
    } else if (const auto value = outside(key)) {
      const char* kind = key.range.words.empty() ? "a value from " : "";
      throw Error(place + key.name,
                  fmt::format("expected {}{}, got {}", kind, key.range.text(), *value));
    }
  }
}

void validate_kernel(const std::string& place, int kernel, bool causal) {
  if (!causal && kernel % 2 == 0)
    throw Error(place, fmt::format("expected an odd number of taps, got {}", kernel),
                "an even kernel needs causal: true");
}

void validate_net(const ModelConfig& c, const std::string& where) {
  validate_kernel(where + ": net.kernel", c.net.kernel, c.net.causal);
  if (!c.net.dilations.empty() && static_cast<int>(c.net.dilations.size()) != c.net.layers)
    throw Error(where + ": net.dilations",
                fmt::format("expected one for each of the {} layers, got {}", c.net.layers,
                            c.net.dilations.size()));
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
  if (k.kind == ConditionerKind::kFrames)
    validate_kernel(where + ": conditioner.kernel", k.kernel, k.causal);
  if (k.kind == ConditionerKind::kUpsample && k.kernel < c.mel.hop_samples)
    throw Error(where + ": conditioner.kernel",
                fmt::format("expected at least the mel's hop of {} samples, got {}",
                            c.mel.hop_samples, k.kernel));
}

void validate_channels(const ModelConfig& c, const std::string& where) {
  if (c.lift.channels % 2 != 0)
    throw Error(where + ": lift.channels",
                fmt::format("expected an even number, got {}", c.lift.channels),
                "a coupling splits the channels into two halves");
  if (c.mel.hop_samples % c.lift.channels != 0)
    throw Error(where + ": lift.channels",
                fmt::format("expected a divisor of the mel's hop of {} samples, got {}",
                            c.mel.hop_samples, c.lift.channels));
  if (c.early.every == 0) return;
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

void not_below(const std::string& place, double value, double least) {
  if (value < least)
    throw Error(place, fmt::format("expected no less than its lower end {}, got {}", least, value));
}

void validate_augment(const AugmentConfig& a, const std::string& where) {
  const std::string place = where + ": train.augment.";
  not_below(place + "speed.most", a.speed.most, a.speed.least);
  if (a.low_pass.probability > 0.0)
    not_below(place + "low_pass.most_hz", a.low_pass.most_hz, a.low_pass.least_hz);
  not_below(place + "noise.most_db", a.noise.most_db, a.noise.least_db);
}

// How much of a segment is left to compare, and whether the largest transform fits in it.
void validate_objective(const ModelConfig& c, const std::string& where) {
  const LikelihoodConfig& l = c.train.likelihood;
  const SampleLossConfig& d = c.train.sample_loss;
  if (d.weight == 0.0 && (l.weight == 0.0 || l.share < 1.0))
    throw Error(
        where + ": train.likelihood",
        fmt::format("expected a weight above 0 and a share of 1 where there is no sample_loss, "
                    "got {} and {}",
                    l.weight, l.share));
  if (d.weight == 0.0) return;
  if (d.fft_sizes.empty())
    throw Error(where + ": train.sample_loss.fft_sizes", "expected one or more, got none");
  for (const int size : d.fft_sizes)
    if (size % 4 != 0)
      throw Error(where + ": train.sample_loss.fft_sizes",
                  fmt::format("expected multiples of 4 (the hop is a quarter), got {}", size));
  if (d.corrected > 0.0 && !dsp::correction_possible(c.mel))
    throw Error(where + ": train.sample_loss.corrected",
                "expected 0 where a mel's frames do not overlap by half or more, got " +
                    fmt::format("{}", d.corrected));
  const std::int64_t left = compared_samples(c);
  const int largest = std::max(*std::max_element(d.fft_sizes.begin(), d.fft_sizes.end()),
                               d.mel_weight > 0.0 ? c.mel.n_fft : 0);
  if (left < largest)
    throw Error(where + ": train.sample_loss",
                fmt::format("expected segments of which {} samples or more are compared (the "
                            "largest transform), got {}",
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
  ModelConfig copy = c;
  glowvox::validate(c.mel, where + ": mel");
  validate_ranges(keys_of(copy), where + ": ");
  validate_channels(c, where);
  validate_net(c, where);
  validate_conditioner(c, where);
  validate_objective(c, where);
  validate_augment(c.train.augment, where);
  validate_statistics(c, where);
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

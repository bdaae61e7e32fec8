// SPDX-License-Identifier: MIT
#include "engine/mel_correction.hpp"

#include <cmath>

#include "dsp/mel_analysis.hpp"
#include "dsp/stft.hpp"

namespace glowvox::engine {

namespace {

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

BandFilters filters_of(const dsp::MelAnalysis& analysis) {
  BandFilters filters;
  for (const dsp::MelBand& band : analysis.bands) {
    filters.bands.push_back(
        {static_cast<int>(band.first), filters.weights.size(), band.weights.size()});
    filters.weights.insert(filters.weights.end(), band.weights.begin(), band.weights.end());
  }
  return filters;
}

// From a band as its filter gives it to the natural logarithm of an amplitude, as dsp::NaturalLog
// takes it from a stored one.
GainRule rule_of(const MelSpec& spec) {
  const bool logarithmic = spec.log != MelLog::kNone;
  const double floor = logarithmic ? spec.floor : dsp::NaturalLog::kSmallest;
  return {{static_cast<float>(floor), logarithmic && spec.floor_rule == MelFloor::kAdd},
          static_cast<float>(1.0 / spec.power),
          dsp::CorrectionRule::kStrength,
          std::log(dsp::CorrectionRule::kMostGain),
          0.0F};
}

}  // namespace

MelCorrection::MelCorrection(const MelSpec& spec, int together, std::int64_t ahead,
                             std::int64_t most_frames, std::size_t most_samples)
    : spec_(spec),
      together_(together),
      ahead_(ahead),
      drawn_(together == 1 && ahead == 2 * std::int64_t{spec.hop_samples}),
      start_(frame_center_samples(spec) - spec.n_fft / 2),
      first_frame_(std::max<std::int64_t>(0, divided_up(-start_, spec.hop_samples))),
      natural_log_(spec),
      filters_(filters_of(*dsp::mel_analysis(spec))),
      rule_(rule_of(spec)),
      fft_(spec.n_fft),
      band_gains_(static_cast<std::size_t>(spec.bands) + kSpareGains),
      magnitudes_(static_cast<std::size_t>(fft_.bins())),
      frames_(static_cast<std::size_t>(changed(together))),
      next_(first_frame_) {
  const std::shared_ptr<const dsp::MelAnalysis> analysis = dsp::mel_analysis(spec);
  const Eigen::ArrayXd window =
      Eigen::Map<const Eigen::ArrayXd>(analysis->window.data(), spec.n_fft);
  const auto hop = static_cast<std::size_t>(spec.hop_samples);
  std::vector<double> norm(hop, 0.0);
  for (int i = 0; i < spec.n_fft; ++i)
    norm[static_cast<std::size_t>(i) % hop] += window[i] * window[i];
  for (const double n : norm) {
    norm_.push_back(static_cast<float>(n));
    inverse_norm_.push_back(static_cast<float>(1.0 / n));
  }
  share_of_sum_ = window.square().cast<float>();
  out_ = (window / spec.n_fft).cast<float>();
  in_.resize(spec.n_fft);
  for (int i = 0; i < spec.n_fft; ++i)
    in_[i] = static_cast<float>(window[i] / norm[static_cast<std::size_t>(i) % hop]);
  fade_in_ = dsp::fade_in(spec.hop_samples);
  unchanged_.resize(fade_in_.size());
  for (Frame& f : frames_) f.part = f.change = Eigen::ArrayXf::Zero(spec.n_fft);
  if (together == 1) next_hop_ = dsp::next_hop_of(spec, ahead);
  if (next_hop_) guess_.resize(hop);
  missing_ = static_cast<float>((next_hop_ ? kMissingGuessed : kMissing) *
                                dsp::missing_last_hop(analysis->window, spec.hop_samples, ahead));
  targets_.reserve(static_cast<std::size_t>((most_frames + changed(together)) * spec.bands));
  const std::size_t room = most_samples + static_cast<std::size_t>(2 * spec.n_fft) +
                           static_cast<std::size_t>(together + 2) * hop;
  sound_.reserve(room);
  sum_.reserve(room);
  sound_.resize(static_cast<std::size_t>(spec.n_fft));
  sum_.resize(static_cast<std::size_t>(spec.n_fft));
  for (const dsp::BandOfBin& bin : dsp::bands_of_bins(spec)) {
    lower_.push_back(bin.lower);
    share_.push_back(bin.share);
  }
}

void MelCorrection::push_mel(const float* frames, std::int64_t count) {
  const std::size_t values = static_cast<std::size_t>(count * spec_.bands);
  std::transform(frames, frames + values, std::back_inserter(targets_), natural_log_);
}

void MelCorrection::push(const FlowOutput& made, std::vector<float>* out) {
  const float* samples = made.samples.data();
  std::int64_t done = 0;
  for (std::size_t row = 0; row < made.ends.size(); ++row) {
    const auto end = static_cast<std::int64_t>(made.ends[row]);
    take(samples + done, end - done, &made.ahead[row * static_cast<std::size_t>(ahead_)], out);
    done = end;
  }
  // Without anything ahead: no further at a time than the next frame needs.
  for (const auto all = static_cast<std::int64_t>(made.samples.size()); done < all;) {
    const std::int64_t count =
        std::min(all - done, std::max<std::int64_t>(1, needed(next_) - taken_));
    take(samples + done, count, nullptr, out);
    done += count;
  }
  forget();
}

void MelCorrection::take(const float* samples, std::int64_t count, const float* ahead,
                         std::vector<float>* out) {
  sound_.resize(sound_.size() + static_cast<std::size_t>(count));
  sum_.resize(sound_.size());
  know(taken_, samples, count);
  taken_ += count;
  if (ahead != nullptr) know_ahead(ahead);
  const std::int64_t known = taken_ + (ahead != nullptr ? ahead_ : 0);
  for (; needed(next_) <= known; ++next_) {
    at(next_).part.setZero();
    at(next_).change.setZero();
    go_round(oldest_changed(next_ + 1), next_, drawn_);
    give(first_sample(next_ - together_ + 1) + spec_.n_fft / 2, out);
  }
}

// At the beginning there are too few final samples to guess by.
void MelCorrection::know_ahead(const float* ahead) {
  if (!next_hop_ || taken_ < next_hop_->reach()) return know(taken_, ahead, ahead_);
  next_hop_->guess(&sound_[static_cast<std::size_t>(taken_ - begin_)], ahead, guess_.data());
  know(taken_, guess_.data(), ahead_);
}

// What was known of these samples is replaced.
void MelCorrection::know(std::int64_t from, const float* samples, std::int64_t count) {
  float* sound = &sound_[static_cast<std::size_t>(from - begin_)];
  float* sum = &sum_[static_cast<std::size_t>(from - begin_)];
  std::size_t phase = phase_of(from);
  for (std::int64_t i = 0; i < count; ++i) {
    sum[i] += norm_[phase] * (samples[i] - sound[i]);
    sound[i] = samples[i];
    if (++phase == norm_.size()) phase = 0;
  }
}

void MelCorrection::finish(std::vector<float>* out) {
  // The last frames that the sound fills are changed as often as the others.
  std::int64_t newest = next_ - 1;
  while (newest >= first_frame_ && first_sample(newest) + spec_.n_fft > taken_) --newest;
  for (std::int64_t oldest = oldest_changed(next_) + 1; oldest <= newest; ++oldest)
    go_round(oldest, newest, true);
  give(taken_, out);
}

void MelCorrection::go_round(std::int64_t oldest, std::int64_t newest, bool newest_is_whole) {
  float* next = &sum_[static_cast<std::size_t>(given_ - begin_)];
  std::copy_n(next, unchanged_.size(), unchanged_.begin());
  for (int round = 0; round < kRounds; ++round)
    for (std::int64_t frame = newest; frame >= oldest; --frame)
      change(frame, frame < newest || newest_is_whole);
  for (std::size_t i = 0; i < fade_in_.size(); ++i)
    next[i] = unchanged_[i] + fade_in_[i] * (next[i] - unchanged_[i]);
}

void MelCorrection::change(std::int64_t frame, bool whole) {
  const std::int64_t target = frame - first_target_;
  if (target < 0 || target >= static_cast<std::int64_t>(targets_.size()) / spec_.bands) return;
  GainRule rule = rule_;
  if (drawn_)
    rule.strength = kDrawn;
  else if (next_hop_)
    rule.strength = kGuessed;
  else if (!whole || together_ == 1)
    rule.strength = kCaution;
  else if (together_ == 2)
    rule.strength = 1.0F;
  if (!whole) rule.offset = missing_;
  const auto from = static_cast<std::size_t>(first_sample(frame) - begin_);
  float* sum = &sum_[from];
  const auto size = static_cast<std::size_t>(spec_.n_fft);
  apply_window(sum, in_.data(), size, fft_.time());
  fft_.forward();
  magnitudes(fft_.spectrum(), magnitudes_.size(), static_cast<float>(spec_.magnitude_epsilon),
             spec_.power == 1.0, magnitudes_.data());
  band_gains(filters_, magnitudes_.data(),
             &targets_[static_cast<std::size_t>(target * spec_.bands)], rule, band_gains_.data());
  band_gains_[filters_.bands.size()] = band_gains_[filters_.bands.size() - 1];
  apply_gains(band_gains_.data(), lower_.data(), share_.data(), magnitudes_.size(),
              fft_.spectrum());
  fft_.inverse();
  Frame& f = at(frame);
  const auto gone =
      static_cast<std::size_t>(std::max<std::int64_t>(0, given_ - first_sample(frame)));
  take_change(fft_.time() + gone, out_.data() + gone, together_ <= 2 ? 0.0F : kMomentum,
              size - gone,
              {&sound_[from] + gone, share_of_sum_.data() + gone, f.part.data() + gone,
               f.change.data() + gone, sum + gone});
}

void MelCorrection::give(std::int64_t end, std::vector<float>* out) {
  std::size_t phase = phase_of(given_);
  for (end = std::min(end, taken_); given_ < end; ++given_) {
    out->push_back(sum_[static_cast<std::size_t>(given_ - begin_)] * inverse_norm_[phase]);
    if (++phase == norm_.size()) phase = 0;
  }
}

// What no frame to come reaches, and the mels of those that are through.
void MelCorrection::forget() {
  const std::int64_t oldest = oldest_changed(next_ + 1);
  const auto samples = static_cast<std::ptrdiff_t>(
      std::max(begin_, std::min(given_, first_sample(oldest))) - begin_);
  sound_.erase(sound_.begin(), sound_.begin() + samples);
  sum_.erase(sum_.begin(), sum_.begin() + samples);
  begin_ += samples;
  const auto there = static_cast<std::int64_t>(targets_.size()) / spec_.bands;
  const std::int64_t passed = std::clamp<std::int64_t>(oldest - first_target_, 0, there);
  targets_.erase(targets_.begin(), targets_.begin() + passed * spec_.bands);
  first_target_ += passed;
}

}  // namespace glowvox::engine

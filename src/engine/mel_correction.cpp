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
          MelCorrection::kStrength,
          std::log(MelCorrection::kMostGain)};
}

}  // namespace

MelCorrection::MelCorrection(const MelSpec& spec, int together, std::int64_t most_frames,
                             std::size_t most_samples)
    : spec_(spec),
      together_(together),
      start_(frame_center_samples(spec) - spec.n_fft / 2),
      first_frame_(std::max<std::int64_t>(0, divided_up(-start_, spec.hop_samples))),
      natural_log_(spec),
      filters_(filters_of(*dsp::mel_analysis(spec))),
      rule_(rule_of(spec)),
      fft_(spec.n_fft),
      band_gains_(static_cast<std::size_t>(spec.bands) + 1),
      magnitudes_(static_cast<std::size_t>(fft_.bins())),
      frames_(static_cast<std::size_t>(together)),
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
  at_first_ = window.square().cast<float>();
  out_ = (window / spec.n_fft).cast<float>();
  in_.resize(spec.n_fft);
  for (int i = 0; i < spec.n_fft; ++i)
    in_[i] = static_cast<float>(window[i] / norm[static_cast<std::size_t>(i) % hop]);
  for (Frame& f : frames_) f.part = f.change = Eigen::ArrayXf::Zero(spec.n_fft);
  targets_.reserve(static_cast<std::size_t>((most_frames + together) * spec.bands));
  const std::size_t kept =
      most_samples + static_cast<std::size_t>(delay_samples(spec, together)) + 2 * hop;
  sound_.reserve(kept);
  sum_.reserve(kept);
  const std::vector<double> centers = dsp::band_centers_hz(spec);
  for (int k = 0; k < fft_.bins(); ++k) {
    const double hz = static_cast<double>(k) * spec.sample_rate_hz / spec.n_fft;
    const auto above = static_cast<std::size_t>(
        std::upper_bound(centers.begin(), centers.end(), hz) - centers.begin());
    const std::size_t lower = above == 0 ? 0 : above - 1;
    const bool between = above > 0 && above < centers.size();
    lower_.push_back(static_cast<int>(lower));
    share_.push_back(
        between ? static_cast<float>((hz - centers[lower]) / (centers[above] - centers[lower]))
                : 0.0F);
  }
}

void MelCorrection::push_mel(const float* frames, std::int64_t count) {
  const std::size_t values = static_cast<std::size_t>(count * spec_.bands);
  std::transform(frames, frames + values, std::back_inserter(targets_), natural_log_);
}

void MelCorrection::push(const float* samples, std::size_t count, std::vector<float>* out) {
  const std::int64_t hop = spec_.hop_samples;
  std::int64_t phase = ((taken_ - start_) % hop + hop) % hop;
  sound_.insert(sound_.end(), samples, samples + count);
  for (std::size_t i = 0; i < count; ++i) {
    sum_.push_back(samples[i] * norm_[static_cast<std::size_t>(phase)]);
    if (++phase == hop) phase = 0;
  }
  taken_ += static_cast<std::int64_t>(count);
  while (first_sample(next_) + spec_.n_fft <= taken_) {
    arrive(next_++);
    go_round(oldest_together());
    give(first_sample(std::max(first_frame_, next_ - together_ + 1)), out);
  }
  const auto done = static_cast<std::ptrdiff_t>(given_ - begin_);
  sound_.erase(sound_.begin(), sound_.begin() + done);
  sum_.erase(sum_.begin(), sum_.begin() + done);
  begin_ = given_;
  const auto there = static_cast<std::int64_t>(targets_.size()) / spec_.bands;
  const std::int64_t passed =
      std::clamp<std::int64_t>(next_ - together_ + 1 - first_target_, 0, there);
  targets_.erase(targets_.begin(), targets_.begin() + passed * spec_.bands);
  first_target_ += passed;
}

void MelCorrection::finish(std::vector<float>* out) {
  // The last frames are changed as often as the others.
  for (std::int64_t oldest = oldest_together() + 1; oldest < next_; ++oldest) go_round(oldest);
  give(taken_, out);
}

void MelCorrection::arrive(std::int64_t frame) {
  Frame& f = frames_[static_cast<std::size_t>(frame % together_)];
  f.first = first_sample(frame);
  f.part = at_first_ * Eigen::Map<const Eigen::ArrayXf>(
                           &sound_[static_cast<std::size_t>(f.first - begin_)], spec_.n_fft);
  f.change.setZero();
}

// From the newest frame to this one.
void MelCorrection::go_round(std::int64_t oldest) {
  const auto there = static_cast<std::int64_t>(targets_.size()) / spec_.bands;
  for (int round = 0; round < kRounds; ++round)
    for (std::int64_t t = next_ - 1; t >= oldest; --t)
      if (t >= first_target_ && t < first_target_ + there)
        change(&frames_[static_cast<std::size_t>(t % together_)],
               &targets_[static_cast<std::size_t>((t - first_target_) * spec_.bands)]);
}

void MelCorrection::change(Frame* frame, const float* target) {
  float* sum = &sum_[static_cast<std::size_t>(frame->first - begin_)];
  const auto size = static_cast<std::size_t>(spec_.n_fft);
  apply_window(sum, in_.data(), size, fft_.time());
  fft_.forward();
  magnitudes(fft_.spectrum(), magnitudes_.size(), static_cast<float>(spec_.magnitude_epsilon),
             spec_.power == 1.0, magnitudes_.data());
  band_gains(filters_, magnitudes_.data(), target, rule_, band_gains_.data());
  band_gains_.back() = band_gains_[band_gains_.size() - 2];
  apply_gains(band_gains_.data(), lower_.data(), share_.data(), magnitudes_.size(),
              fft_.spectrum());
  fft_.inverse();
  take_change(fft_.time(), out_.data(), kMomentum, size,
              {frame->part.data(), frame->change.data(), sum});
}

void MelCorrection::give(std::int64_t end, std::vector<float>* out) {
  const std::int64_t hop = spec_.hop_samples;
  std::int64_t phase = ((given_ - start_) % hop + hop) % hop;
  for (end = std::min(end, taken_); given_ < end; ++given_) {
    out->push_back(sum_[static_cast<std::size_t>(given_ - begin_)] *
                   inverse_norm_[static_cast<std::size_t>(phase)]);
    if (++phase == hop) phase = 0;
  }
}

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
#include "dsp/mel_approximation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "glowvox/error.hpp"

namespace glowvox::dsp {

namespace {

constexpr int kUpdates = 200;
constexpr float kTiny = 1e-12F;
// Of a window's length: noise's magnitudes grow so. Of 0.25 and 0.5 the better on a clip of speech.
constexpr double kLengthPower = 0.5;

double sum(const std::vector<float>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

}  // namespace

MelInversion::MelInversion(const MelSpec& spec)
    : spec_(spec),
      analysis_(mel_analysis(spec)),
      bands_(static_cast<std::size_t>(spec.bands)),
      under_(static_cast<std::size_t>(spec.n_fft) / 2 + 1),
      target_(under_.size()),
      now_(under_.size()) {}

void MelInversion::spread(const float* bands, float* bins) const {
  std::fill_n(bins, under_.size(), 0.0F);
  for (const MelBand& band : analysis_->bands) {
    for (std::size_t i = 0; i < band.weights.size(); ++i)
      bins[band.first + i] += *bands * band.weights[i];
    ++bands;
  }
}

void MelInversion::operator()(const float* frame, float* magnitudes) {
  for (std::size_t b = 0; b < bands_.size(); ++b)
    bands_[b] = static_cast<float>(std::max(0.0, unstored(frame[b], spec_)));
  spread(bands_.data(), target_.data());
  under_ = target_;
  for (int i = 0; i < kUpdates; ++i) {
    float* to = bands_.data();
    for (const MelBand& band : analysis_->bands)
      *to++ = std::inner_product(band.weights.begin(), band.weights.end(),
                                 under_.begin() + static_cast<std::ptrdiff_t>(band.first), 0.0F);
    spread(bands_.data(), now_.data());
    for (std::size_t k = 0; k < under_.size(); ++k) under_[k] *= target_[k] / (now_[k] + kTiny);
  }
  const bool power = spec_.power == 2.0;
  for (std::size_t k = 0; k < under_.size(); ++k)
    magnitudes[k] = power ? std::sqrt(under_[k]) : under_[k];
}

MelApproximation::MelApproximation(const MelSpec& from, const MelSpec& to)
    : from_(from), to_(to), inversion_(from), analysis_(mel_analysis(to)) {
  const std::size_t bins = static_cast<std::size_t>(to.n_fft) / 2 + 1;
  own_.resize(inversion_.bins());
  last_.resize(bins);
  between_.resize(bins);
  const double per_bin = static_cast<double>(from.n_fft) * to.sample_rate_hz /
                         (static_cast<double>(to.n_fft) * from.sample_rate_hz);
  for (std::size_t k = 0; k < bins; ++k) place_.push_back(static_cast<double>(k) * per_bin);
  const double rates = static_cast<double>(to.sample_rate_hz) / from.sample_rate_hz;
  const double lengths = static_cast<double>(to.win_samples) / from.win_samples / rates;
  gain_ = rates * std::pow(lengths, kLengthPower);
  const MelBand& top = mel_analysis(from)->bands.back();
  double moment = 0.0;
  for (std::size_t i = 0; i < top.weights.size(); ++i)
    moment += static_cast<double>(i) * top.weights[i];
  highest_ = top.first + static_cast<std::size_t>(moment / std::max(sum(top.weights), 1e-30));
}

double MelApproximation::time_of_source(std::int64_t i) const {
  return static_cast<double>(i * from_.hop_samples + frame_center_samples(from_)) /
         from_.sample_rate_hz;
}

double MelApproximation::time_of_frame(std::int64_t j) const {
  return static_cast<double>(j * to_.hop_samples + frame_center_samples(to_)) / to_.sample_rate_hz;
}

// share: of the last frame, the rest being the one before.
void MelApproximation::append(double share, Mel* mel) {
  const auto later = static_cast<float>(share);
  for (std::size_t k = 0; k < between_.size(); ++k) {
    const float magnitude = before_[k] + later * (last_[k] - before_[k]);
    between_[k] = to_.power == 2.0 ? magnitude * magnitude : magnitude;
  }
  for (const MelBand& band : analysis_->bands)
    mel->values.push_back(
        stored(std::inner_product(band.weights.begin(), band.weights.end(),
                                  between_.begin() + static_cast<std::ptrdiff_t>(band.first), 0.0F),
               to_));
  ++mel->frames;
  ++made_;
}

Mel MelApproximation::push(const Mel& frames) {
  if (frames.bands != from_.bands)
    throw Error("mel", "has " + std::to_string(frames.bands) + " bands, its specification " +
                           std::to_string(from_.bands));
  Mel mel;
  mel.bands = to_.bands;
  for (std::int64_t t = 0; t < frames.frames; ++t) {
    inversion_(&frames.values[static_cast<std::size_t>(t * frames.bands)], own_.data());
    std::fill(own_.begin() + static_cast<std::ptrdiff_t>(highest_), own_.end(), own_[highest_]);
    before_ = last_;
    for (std::size_t k = 0; k < last_.size(); ++k) {
      const auto below = std::min(static_cast<std::size_t>(place_[k]), own_.size() - 1);
      const auto above = std::min(below + 1, own_.size() - 1);
      const double share = std::min(place_[k] - static_cast<double>(below), 1.0);
      last_[k] = static_cast<float>(gain_ * (own_[below] + share * (own_[above] - own_[below])));
    }
    if (seen_ == 0) before_ = last_;
    const double now = time_of_source(seen_);
    const double step = static_cast<double>(from_.hop_samples) / from_.sample_rate_hz;
    for (++seen_; time_of_frame(made_) <= now;)
      append(std::max(0.0, 1.0 - (now - time_of_frame(made_)) / step), &mel);
  }
  return mel;
}

Mel MelApproximation::finish() {
  Mel mel;
  mel.bands = to_.bands;
  if (seen_ == 0) return mel;
  // The length that so many frames have at least, and the frames of such a length.
  const auto length =
      static_cast<double>((seen_ - 1) * from_.hop_samples + from_.n_fft - 2 * mel_padding(from_));
  const auto samples =
      std::llround(std::max(0.0, length) * to_.sample_rate_hz / from_.sample_rate_hz);
  const std::int64_t frames =
      1 + std::max<std::int64_t>(0, samples + 2 * mel_padding(to_) - to_.n_fft) / to_.hop_samples;
  before_ = last_;
  while (made_ < frames) append(1.0, &mel);
  return mel;
}

}  // namespace glowvox::dsp

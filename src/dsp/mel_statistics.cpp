// SPDX-License-Identifier: MIT
#include "dsp/mel_statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace glowvox::dsp {

namespace {

constexpr std::int64_t kLeastFrames = 80;
constexpr double kLeastAtFloor = 1e-4;  // share of the values
// Between speakers, rooms and languages a band's mean moves by up to half its deviation, and the
// spread by a third; another logarithm or normalisation moves them far beyond these.
constexpr double kLargestShift = 1.0;  // of a band's mean, in deviations, on average over bands
constexpr double kSmallestSpread = 0.5, kLargestSpread = 2.0;  // of the deviations, as a ratio

}  // namespace

MelStatistics::MelStatistics(std::int64_t bands)
    : count_(static_cast<std::size_t>(bands), 0.0),
      sum_(count_),
      square_(count_),
      at_minimum_(count_) {}

void MelStatistics::add(const Mel& mel) {
  for (std::size_t i = 0; i < mel.values.size(); ++i) {
    const float value = mel.values[i];
    const std::size_t band = i % sum_.size();
    const bool first = frames_ == 0 && i == 0;
    if (first || value < minimum_) {
      minimum_ = value;
      std::fill(at_minimum_.begin(), at_minimum_.end(), 0.0);
    }
    if (value == minimum_) at_minimum_[band] += 1.0;
    maximum_ = first ? value : std::max(maximum_, value);
    count_[band] += 1.0;
    sum_[band] += value;
    square_[band] += static_cast<double>(value) * value;
  }
  frames_ += mel.frames;
}

double MelStatistics::values() const { return std::accumulate(count_.begin(), count_.end(), 0.0); }

double MelStatistics::share(double of) const { return of / std::max(1.0, values()); }

double MelStatistics::at_minimum() const {
  return share(std::accumulate(at_minimum_.begin(), at_minimum_.end(), 0.0));
}

double MelStatistics::mean() const { return share(std::accumulate(sum_.begin(), sum_.end(), 0.0)); }

double MelStatistics::deviation() const {
  const double m = mean();
  return std::sqrt(
      std::max(0.0, share(std::accumulate(square_.begin(), square_.end(), 0.0)) - m * m));
}

std::vector<float> MelStatistics::band_means() const {
  std::vector<float> means;
  for (std::size_t b = 0; b < sum_.size(); ++b)
    means.push_back(static_cast<float>(sum_[b] / std::max(1.0, count_[b])));
  return means;
}

std::vector<float> MelStatistics::band_deviations() const {
  std::vector<float> deviations;
  for (std::size_t b = 0; b < sum_.size(); ++b) {
    const double count = std::max(1.0, count_[b]), mean = sum_[b] / count;
    deviations.push_back(
        static_cast<float>(std::sqrt(std::max(0.0, square_[b] / count - mean * mean))));
  }
  return deviations;
}

// Some value is always the smallest.
bool MelStatistics::touches_floor() const {
  return at_minimum() >= kLeastAtFloor && at_minimum() * values() > 1.5;
}

MelStatistics MelStatistics::above_floor() const {
  MelStatistics above = *this;
  for (std::size_t b = 0; b < sum_.size() && touches_floor(); ++b) {
    above.count_[b] -= at_minimum_[b];
    above.sum_[b] -= at_minimum_[b] * minimum_;
    above.square_[b] -= at_minimum_[b] * minimum_ * minimum_;
    above.at_minimum_[b] = 0.0;
  }
  return above;
}

bool judged(const MelStatistics& mel) {
  return mel.above_floor().values() >= static_cast<double>(kLeastFrames * mel.bands());
}

std::string unlike(const MelStatistics& mel, const std::vector<float>& mean,
                   const std::vector<float>& deviation) {
  if (mean.empty() || !judged(mel)) return "";
  const MelStatistics above = mel.above_floor();
  const std::vector<float> means = above.band_means(), deviations = above.band_deviations();
  double shift = 0.0, spread = 0.0;
  for (std::size_t b = 0; b < mean.size(); ++b) {
    shift += (means[b] - mean[b]) / deviation[b] / static_cast<double>(mean.size());
    spread += deviations[b] / deviation[b] / static_cast<double>(mean.size());
  }
  if (std::fabs(shift) <= kLargestShift && spread >= kSmallestSpread && spread <= kLargestSpread)
    return "";
  return fmt::format(
      "its bands lie {:+.1f} deviations from the mels that the model was trained on and vary "
      "{:.2f} times as much",
      shift, spread);
}

}  // namespace glowvox::dsp

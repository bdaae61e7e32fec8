// SPDX-License-Identifier: MIT
#include "live/limiter.hpp"

#include <algorithm>
#include <cmath>

namespace glowvox::live {

namespace {

constexpr double kAbove = 3.98;      // 12 dB
constexpr double kAlways = 3.16e-3;  // -50 dB
constexpr std::int64_t kStep = 32;   // samples between two looks at the mel
constexpr double kHopsToFall = 2.0;  // of the limit: as slow as the level that is followed

}  // namespace

Limiter::Limiter(const MelSpec& spec)
    : level_(spec),
      hop_(spec.hop_samples),
      centre_(frame_center_samples(spec)),
      half_window_(spec.n_fft / 2),
      follow_(1.0 - std::exp(-1.0 / static_cast<double>(hop_))),
      fall_(1.0 - std::exp(-1.0 / (kHopsToFall * static_cast<double>(hop_)))) {}

void Limiter::begin() {
  levels_.clear();
  first_ = at_ = 0;
  power_ = limit_ = wanted_ = 0.0;
}

void Limiter::push_mel(const float* frame) { levels_.push_back(level_.rms(frame)); }

double Limiter::loudest_at(std::int64_t sample) const {
  double most = 0.0;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const std::int64_t centre = (first_ + static_cast<std::int64_t>(i)) * hop_ + centre_;
    if (std::abs(centre - sample) < half_window_) most = std::max(most, levels_[i]);
  }
  return most;
}

std::int64_t Limiter::apply(float* samples, std::size_t count) {
  std::int64_t limited = 0;
  for (std::size_t i = 0; i < count; ++i, ++at_) {
    if (at_ % kStep == 0) {
      while (levels_.size() > 1 && first_ * hop_ + centre_ + half_window_ <= at_) {
        levels_.pop_front();
        ++first_;
      }
      wanted_ = std::max(kAlways, kAbove * loudest_at(at_));
    }
    limit_ = wanted_ >= limit_ ? wanted_ : limit_ + fall_ * (wanted_ - limit_);
    const double x = samples[i];
    power_ += follow_ * (x * x - power_);
    const double rms = std::sqrt(power_);
    if (rms <= limit_) continue;
    samples[i] = static_cast<float>(x * limit_ / rms);
    ++limited;
  }
  return limited;
}

}  // namespace glowvox::live

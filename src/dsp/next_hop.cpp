// SPDX-License-Identifier: MIT
#include "dsp/next_hop.hpp"

#include <algorithm>
#include <cmath>

namespace glowvox::dsp {

namespace {

constexpr double kHighestHz = 600.0, kLowestHz = 55.0;
constexpr float kWeightOfEquations = 0.7F;  // the rest is the last final hop's
constexpr float kSilence = 1e-9F;           // added to energies
constexpr float kHalfPi = 1.57079632679489662F;

using Values = Eigen::Map<const Eigen::VectorXf>;

int samples_of(double hz, int sample_rate_hz) {
  return static_cast<int>(std::lround(sample_rate_hz / hz));
}

float correlation(float product, float a, float b) {
  return product / std::sqrt((a + kSilence) * (b + kSilence));
}

// What was heard a lag before, as often as it takes.
void repeat(const float* end, int lag, int count, float* out) {
  const int once = std::min(lag, count);
  std::copy_n(end - lag, once, out);
  for (int i = once; i < count; ++i) out[i] = out[i - lag];
}

}  // namespace

bool NextHop::possible(int hop, int sample_rate_hz, std::int64_t kept) {
  return hop > 0 && hop + samples_of(kHighestHz, sample_rate_hz) <= kept;
}

NextHop::NextHop(int hop, int sample_rate_hz, std::int64_t kept)
    : hop_(hop),
      least_lag_(samples_of(kHighestHz, sample_rate_hz)),
      most_lag_(static_cast<int>(
          std::min<std::int64_t>(samples_of(kLowestHz, sample_rate_hz), kept - hop))),
      window_(hop) {
  for (int i = 0; i < hop; ++i)
    window_[i] = std::cos(kHalfPi * (static_cast<float>(i) + 0.5F) / static_cast<float>(hop));
}

NextHop::Repetition NextHop::repetition(const float* end, const float* ahead, float* room) const {
  const int half = hop_ / 2;
  const auto falling = window_.head(half);
  const auto rising = window_.tail(half).reverse();
  const Values known(ahead, hop_), last(end - hop_, hop_);
  // known is window times sum, each sum twice, and the window's squares of a pair add up to 1.
  const float energy = known.squaredNorm(), last_energy = last.squaredNorm();
  const Eigen::Map<Eigen::VectorXf> before(room, hop_);
  Repetition best{most_lag_, 0.0F};
  for (int lag = least_lag_; lag <= most_lag_; ++lag) {
    const Values earlier(end - hop_ - lag, hop_);
    const float by_sound = correlation(last.dot(earlier), last_energy, earlier.squaredNorm());
    repeat(end, lag, hop_, room);
    const float sums =
        (falling * before.head(half).array() + rising * before.tail(half).reverse().array())
            .matrix()
            .squaredNorm();
    const float by_equations = correlation(before.dot(known), energy, sums);
    const float both = by_sound + kWeightOfEquations * (by_equations - by_sound);
    if (both > best.gain) best = {lag, both};
  }
  best.gain *= best.gain;
  return best;
}

void NextHop::guess(const float* end, const float* ahead, float* out) const {
  const Repetition r = repetition(end, ahead, out);
  repeat(end, r.lag, hop_, out);
  for (int i = 0; i < hop_ / 2; ++i) {
    const int j = hop_ - 1 - i;
    const float a = window_[i], b = window_[j];
    const float x = r.gain * out[i], y = r.gain * out[j];
    const float missing = a * ahead[i] + b * ahead[j] - (a * x + b * y);
    out[i] = x + a * missing;
    out[j] = y + b * missing;
  }
}

}  // namespace glowvox::dsp

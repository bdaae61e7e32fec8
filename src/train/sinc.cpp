// SPDX-License-Identifier: MIT
#include "train/sinc.hpp"

#include <array>
#include <cmath>

namespace glowvox::train {

namespace {

constexpr int kZeroCrossings = 64;    // of the kernel on either side
constexpr double kKaiserBeta = 7.86;  // 80 dB
constexpr std::int64_t kLanes = 16;
constexpr int kWindowSteps = 1024;

double bessel_i0(double x) {
  double sum = 1.0, term = 1.0;
  for (int k = 1; term > 1e-12 * sum; ++k) {
    term *= (x / (2.0 * k)) * (x / (2.0 * k));
    sum += term;
  }
  return sum;
}

// Kaiser's window from its middle (0) to its end (1).
double window(double at) {
  static const std::vector<double> values = [] {
    std::vector<double> v(kWindowSteps + 2, 0.0);
    for (int i = 0; i <= kWindowSteps; ++i) {
      const double t = static_cast<double>(i) / kWindowSteps;
      v[i] = bessel_i0(kKaiserBeta * std::sqrt(1.0 - t * t)) / bessel_i0(kKaiserBeta);
    }
    return v;
  }();
  if (at >= 1.0) return 0.0;
  const auto i = static_cast<std::size_t>(at * kWindowSteps);
  const double part = at * kWindowSteps - static_cast<double>(i);
  return values[i] + part * (values[i + 1] - values[i]);
}

}  // namespace

Sinc::Sinc(double cutoff, int phases)
    : phases_(phases),
      reach_(static_cast<std::int64_t>(std::ceil(kZeroCrossings / (2.0 * cutoff)))),
      taps_((2 * reach_ + kLanes) / kLanes * kLanes) {
  table_.assign(static_cast<std::size_t>((phases + 1) * taps_), 0.0f);
  // Tap k of a row stands at sample k - reach_ + (phases > 1): with one phase the kernel is
  // symmetric around its middle tap.
  const std::int64_t first = phases_ > 1 ? 1 - reach_ : -reach_;
  for (int p = 0; p <= phases_; ++p) {
    float* row = table_.data() + p * taps_;
    double sum = 0.0;
    std::vector<double> values(static_cast<std::size_t>(reach_ - first + 1));
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double t = static_cast<double>(first + static_cast<std::int64_t>(k)) -
                       static_cast<double>(p) / phases_;
      const double angle = 2.0 * M_PI * cutoff * t;
      const double sinc = std::abs(angle) < 1e-9 ? 1.0 : std::sin(angle) / angle;
      sum += values[k] = sinc * window(std::abs(t) * 2.0 * cutoff / kZeroCrossings);
    }
    for (std::size_t k = 0; k < values.size(); ++k) row[k] = static_cast<float>(values[k] / sum);
  }
}

float Sinc::at(const float* x, double fraction) const {
  const double place = fraction * phases_;
  const auto phase = phases_ > 1 ? static_cast<std::int64_t>(place) : 0;
  const auto part = static_cast<float>(place - static_cast<double>(phase));
  const float* row = table_.data() + phase * taps_;
  const float* next = row + taps_;
  x += phases_ > 1 ? 1 - reach_ : -reach_;
  const std::int64_t taps = 2 * reach_ + (phases_ > 1 ? 0 : 1);
  // Sums side by side, which the compiler turns into vectors.
  std::array<float, kLanes> sums{};
  std::int64_t k = 0;
  for (; k + kLanes <= taps; k += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += x[k + lane] * (row[k + lane] + part * (next[k + lane] - row[k + lane]));
  for (; k < taps; ++k) sums[k % kLanes] += x[k] * (row[k] + part * (next[k] - row[k]));
  float sum = 0.0f;
  for (const float s : sums) sum += s;
  return sum;
}

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
#include "dsp/next_hop.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dsp/next_hop.cpp"
// It includes this file again, once for each instruction set, and must stand first.
// clang-format off
#include "core/highway_targets.hpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::dsp::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 8>;
constexpr D d;

// The sums of a[i] b[i] and of b[i]^2.
void multiply(const float* a, const float* b, int count, float* product, float* energy) {
  const int lanes = static_cast<int>(hn::Lanes(d));
  auto p0 = hn::Zero(d), p1 = p0, e0 = p0, e1 = p0;
  int i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    const auto b0 = hn::LoadU(d, b + i), b1 = hn::LoadU(d, b + i + lanes);
    p0 = hn::MulAdd(hn::LoadU(d, a + i), b0, p0);
    p1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), b1, p1);
    e0 = hn::MulAdd(b0, b0, e0);
    e1 = hn::MulAdd(b1, b1, e1);
  }
  *product = hn::GetLane(hn::SumOfLanes(d, hn::Add(p0, p1)));
  *energy = hn::GetLane(hn::SumOfLanes(d, hn::Add(e0, e1)));
  for (; i < count; ++i) {
    *product += a[i] * b[i];
    *energy += b[i] * b[i];
  }
}

// The sum over i < count / 2 of (w[i] x[i] + w[j] x[j])^2, j being count - 1 - i.
float folded_energy(const float* w, const float* x, int count) {
  const int lanes = static_cast<int>(hn::Lanes(d)), half = count / 2;
  auto sum = hn::Zero(d);
  int i = 0;
  for (; i + lanes <= half; i += lanes) {
    const int j = count - lanes - i;
    const auto mirrored = hn::Reverse(d, hn::Mul(hn::LoadU(d, w + j), hn::LoadU(d, x + j)));
    const auto folded = hn::MulAdd(hn::LoadU(d, w + i), hn::LoadU(d, x + i), mirrored);
    sum = hn::MulAdd(folded, folded, sum);
  }
  float energy = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < half; ++i) {
    const int j = count - 1 - i;
    const float folded = w[i] * x[i] + w[j] * x[j];
    energy += folded * folded;
  }
  return energy;
}

}  // namespace glowvox::dsp::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::dsp {

namespace {

HWY_EXPORT(multiply);
HWY_EXPORT(folded_energy);

constexpr double kHighestHz = 600.0, kLowestHz = 55.0;
constexpr float kWeightOfEquations = 0.7F;  // the rest is the last final hop's
constexpr float kSilence = 1e-9F;           // added to energies
constexpr float kHalfPi = 1.57079632679489662F;

int samples_of(double hz, int sample_rate_hz) {
  return static_cast<int>(std::lround(sample_rate_hz / hz));
}

float correlation(float product, float a, float b) {
  return product / std::sqrt((a + kSilence) * (b + kSilence));
}

// What was heard a lag before, as often as it takes.
void repeat(const float* end, int lag, int count, float* out) {
  int done = std::min(lag, count);
  std::copy_n(end - lag, done, out);
  while (done < count) {
    const int more = std::min(done, count - done);  // done: whole periods
    std::copy_n(out, more, out + done);
    done += more;
  }
}

}  // namespace

bool NextHop::possible(int hop, int sample_rate_hz, std::int64_t kept) {
  return hop > 0 && hop + samples_of(kHighestHz, sample_rate_hz) <= kept;
}

NextHop::NextHop(int hop, int sample_rate_hz, std::int64_t kept)
    : hop_(hop),
      least_lag_(samples_of(kHighestHz, sample_rate_hz)),
      most_lag_(static_cast<int>(
          std::min<std::int64_t>(samples_of(kLowestHz, sample_rate_hz), kept - hop))) {
  for (int i = 0; i < hop; ++i)
    window_.push_back(std::cos(kHalfPi * (static_cast<float>(i) + 0.5F) / static_cast<float>(hop)));
}

NextHop::Repetition NextHop::repetition(const float* end, const float* ahead, float* room) const {
  const auto& products = HWY_DYNAMIC_DISPATCH(multiply);
  const auto& folded = HWY_DYNAMIC_DISPATCH(folded_energy);
  const float* last = end - hop_;
  float product, energy, last_energy, known_energy;
  products(last, last, hop_, &product, &last_energy);
  // ahead is window times sum, each sum twice, and the window's squares of a pair add up to 1.
  products(ahead, ahead, hop_, &product, &known_energy);
  Repetition best{most_lag_, 0.0F};
  for (int lag = least_lag_; lag <= most_lag_; ++lag) {
    products(last, last - lag, hop_, &product, &energy);
    const float by_sound = correlation(product, last_energy, energy);
    repeat(end, lag, hop_, room);
    products(ahead, room, hop_, &product, &energy);
    const float by_equations =
        correlation(product, known_energy, folded(window_.data(), room, hop_));
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
    const auto first = static_cast<std::size_t>(i), second = static_cast<std::size_t>(j);
    const float a = window_[first], b = window_[second];
    const float x = r.gain * out[i], y = r.gain * out[j];
    const float missing = a * ahead[i] + b * ahead[j] - (a * x + b * y);
    out[i] = x + a * missing;
    out[j] = y + b * missing;
  }
}

}  // namespace glowvox::dsp
#endif  // HWY_ONCE

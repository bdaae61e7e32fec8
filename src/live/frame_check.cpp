// SPDX-License-Identifier: MIT
#include "live/frame_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dsp/mel_analysis.hpp"

namespace glowvox::live {

namespace {

constexpr double kBelowFloor = 100.0;     // amplitudes, 40 dB
constexpr double kAboveFullScale = 10.0;  // 20 dB

// No band of a signal within [-1, 1] is larger: every bin as large as the whole window.
double largest_band(const MelSpec& spec) {
  const auto analysis = dsp::mel_analysis(spec);
  const double bin = std::accumulate(analysis->window.begin(), analysis->window.end(), 0.0);
  double most = 0.0;
  for (const dsp::MelBand& band : analysis->bands)
    most = std::max(most, std::accumulate(band.weights.begin(), band.weights.end(), 0.0));
  return most * std::pow(bin, spec.power);
}

}  // namespace

FrameCheck::FrameCheck(const MelSpec& spec) : bands_(spec.bands) {
  highest_ = static_cast<float>(
      dsp::stored(std::pow(kAboveFullScale, spec.power) * largest_band(spec), spec));
  silence_ = static_cast<float>(mel_floor(spec));
  if (spec.log == MelLog::kNone) return;
  MelSpec lower = spec;
  lower.floor = spec.floor / std::pow(kBelowFloor, spec.power);
  lowest_ = static_cast<float>(mel_floor(lower));
}

std::string FrameCheck::problem(const float* frame) const {
  for (int band = 0; band < bands_; ++band) {
    const float value = frame[band];
    if (!std::isfinite(value)) return fmt::format("band {} is not finite", band);
    if (value < lowest_ || value > highest_)
      return fmt::format("band {} is {:.4g}, expected {:.4g} to {:.4g}", band, value, lowest_,
                         highest_);
  }
  return "";
}

}  // namespace glowvox::live

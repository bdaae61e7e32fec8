// SPDX-License-Identifier: MIT
#include "dsp/mel_guess.hpp"

#include <algorithm>
#include <cmath>

namespace glowvox::dsp {

namespace {

// Natural log-mels of speech (magnitudes of samples in [-1, 1]): their mean and deviation over all
// bands and frames lie around these and within those bounds, silence included.
constexpr double kUsualMean = -5.0, kUsualDeviation = 2.3;
constexpr double kLowestMean = -10.5, kHighestMean = -2.5;
constexpr double kHighestUnnormalized = 1.5;  // filters that are not normalised by their area
constexpr double kSmallestDeviation = 1.2, kLargestDeviation = 4.6;
constexpr double kNormalMean = 0.5, kLeastNormal = 0.5, kMostNormal = 1.6;  // normalised values
constexpr double kMostScaledMean = 1.5, kMostScaled = 2.5;  // scaled into a range about 0
constexpr double kMostSkew = 1.5;       // deviations a mean: magnitudes of speech have more
constexpr double kSameFloor = 1e-3;     // of a logarithm
constexpr double kHighestFloor = 2e-3;  // as a magnitude: nobody cuts speech off above

// How far from usual speech, in natural logarithms; negative: impossible.
double distance(double mean, double deviation, double highest_mean) {
  if (mean < kLowestMean || mean > highest_mean || deviation < kSmallestDeviation ||
      deviation > kLargestDeviation)
    return -1.0;
  return std::fabs(mean - kUsualMean) / kUsualDeviation +
         2.0 * std::fabs(std::log(deviation / kUsualDeviation));
}

bool at_floor(const MelStatistics& mel, const MelSpec& spec) {
  return std::fabs(mel.minimum() - mel_floor(spec)) < kSameFloor;
}

// A floor that a preset has says more than any moments.
MelValues values_of_floor(const MelStatistics& mel) {
  for (const std::string& name : mel_preset_names()) {
    const MelSpec spec = mel_preset(name);
    if (spec.log == MelLog::kNone || spec.bands != mel.bands() || !at_floor(mel, spec)) continue;
    return spec.log == MelLog::kLn ? MelValues::kLn : MelValues::kLog10;
  }
  return MelValues::kUnknown;
}

MelValues values_of(const MelStatistics& mel) {
  const MelStatistics above = mel.above_floor();
  const double mean = above.mean(), deviation = above.deviation(), ln10 = std::log(10.0);
  if (mel.minimum() >= 0.0F)
    return deviation < kMostSkew * mean ? MelValues::kNormalized : MelValues::kLinear;
  const bool touches = mel.touches_floor();
  if (touches && values_of_floor(mel) != MelValues::kUnknown) return values_of_floor(mel);
  if (std::fabs(mean) <= kNormalMean && deviation >= kLeastNormal && deviation <= kMostNormal)
    return MelValues::kNormalized;
  // A floor at which no logarithm would cut speech off is the end of a range.
  const bool ln_floor = !touches || std::exp(mel.minimum()) < kHighestFloor;
  const bool log10_floor = !touches || std::pow(10.0, mel.minimum()) < kHighestFloor;
  const double as_ln = ln_floor ? distance(mean, deviation, kHighestUnnormalized) : -1.0;
  const double as_log10 =
      log10_floor ? distance(mean * ln10, deviation * ln10, kHighestMean) : -1.0;
  if (as_ln >= 0.0 && (as_log10 < 0.0 || as_ln <= as_log10)) return MelValues::kLn;
  if (as_log10 >= 0.0) return MelValues::kLog10;
  return std::fabs(mean) <= kMostScaledMean && deviation <= kMostScaled && deviation > 0.0
             ? MelValues::kNormalized
             : MelValues::kUnknown;
}

bool may_be(const MelStatistics& mel, const MelSpec& spec, MelValues values) {
  if (spec.bands != mel.bands()) return false;
  if (values == MelValues::kLinear) return spec.log == MelLog::kNone;
  if (values != MelValues::kLn && values != MelValues::kLog10) return false;
  if (spec.log != (values == MelValues::kLn ? MelLog::kLn : MelLog::kLog10)) return false;
  // Filters that are normalised by their area give lower values.
  const double unit = values == MelValues::kLn ? 1.0 : std::log(10.0);
  const bool silent = mel.at_minimum() == 1.0;
  const bool usual =
      silent || mel.above_floor().mean() * unit <=
                    (spec.norm == MelNorm::kSlaney ? kHighestMean : kHighestUnnormalized);
  return usual && mel.minimum() >= mel_floor(spec) - kSameFloor;
}

}  // namespace

const char* name_of(MelValues values) {
  switch (values) {
    case MelValues::kLn:
      return "natural logarithm";
    case MelValues::kLog10:
      return "decimal logarithm";
    case MelValues::kLinear:
      return "no logarithm";
    case MelValues::kNormalized:
      return "normalised or scaled";
    case MelValues::kUnknown:
      break;
  }
  return "unlike speech";
}

bool fits(const MelStatistics& mel, const MelSpec& spec) {
  return may_be(mel, spec, values_of(mel));
}

MelGuess guess_mel(const MelStatistics& mel) {
  MelGuess guess;
  guess.values = values_of(mel);
  const bool logarithm = guess.values == MelValues::kLn || guess.values == MelValues::kLog10;
  if (!logarithm && guess.values != MelValues::kLinear) return guess;
  const bool touches = logarithm && mel.touches_floor();
  if (touches)
    guess.floor =
        guess.values == MelValues::kLn ? std::exp(mel.minimum()) : std::pow(10.0, mel.minimum());
  for (const std::string& name : mel_preset_names()) {
    const MelSpec spec = mel_preset(name);
    if (may_be(mel, spec, guess.values) && (!touches || at_floor(mel, spec)))
      guess.presets.push_back(name);
  }
  return guess;
}

}  // namespace glowvox::dsp

// SPDX-License-Identifier: MIT
#include "dsp/mel_guess.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "dsp/mel_analysis.hpp"

namespace glowvox::dsp {

namespace {

// Natural log-mels of speech (magnitudes of samples in [-1, 1]): their mean and deviation over all
// bands and frames lie around these and within those bounds, silence included.
constexpr double kUsualMean = -5.0, kUsualDeviation = 2.3;
constexpr double kLowestMean = -10.5, kHighestMean = -2.5;
constexpr double kHighestUnnormalized = 1.5;  // filters that are not normalised by their area
constexpr double kUsualWindow = 1024.0;
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

// Normalised values whose normalisation the specification tells.
bool normalised_as(const MelStatistics& mel, const MelSpec& spec) {
  if (spec.deviation == 1.0 && spec.mean == 0.0) return false;
  const MelStatistics above = mel.above_floor();
  return mel.minimum() >= mel_floor(spec) - kSameFloor &&
         distance(above.mean() * spec.deviation + spec.mean, above.deviation() * spec.deviation,
                  kHighestUnnormalized) >= 0.0;
}

bool may_be(const MelStatistics& mel, const MelSpec& spec, MelValues values) {
  if (spec.bands != mel.bands()) return false;
  if (values == MelValues::kNormalized) return normalised_as(mel, spec);
  if (values == MelValues::kLinear) return spec.log == MelLog::kNone;
  if (values != MelValues::kLn && values != MelValues::kLog10) return false;
  if (spec.log != (values == MelValues::kLn ? MelLog::kLn : MelLog::kLog10)) return false;
  // Filters that are normalised by their area give lower values, long windows higher ones.
  const double longer = std::max(0.0, std::log(spec.win_samples / kUsualWindow));
  const double unit = values == MelValues::kLn ? 1.0 : std::log(10.0);
  const bool silent = mel.at_minimum() == 1.0;
  const bool usual =
      silent || mel.above_floor().mean() * unit <=
                    (spec.norm == MelNorm::kSlaney ? kHighestMean : kHighestUnnormalized) + longer;
  return usual && mel.minimum() >= mel_floor(spec) - kSameFloor;
}

// How far every value lies from what its neighbours say.
std::vector<double> unevenness(const std::vector<double>& x) {
  std::vector<double> uneven;
  for (std::size_t i = 1; i + 1 < x.size(); ++i)
    uneven.push_back(x[i] - 0.5 * (x[i - 1] + x[i + 1]));
  return uneven;
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const auto inner = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  return inner(x, y) / std::sqrt(std::max(inner(x, x) * inner(y, y), 1e-30));
}

// From -1 to 1. A triangle over few bins of the transform weighs more or less than its neighbours,
// as its centre falls on a bin or between two: a fingerprint of the filterbank, which the mean over
// speech, smooth from band to band, lets through.
double fingerprint_match(const MelStatistics& mel, const MelSpec& spec) {
  std::vector<double> seen, made;
  for (const float mean : mel.band_means())
    seen.push_back(spec.log == MelLog::kNone ? std::log(std::max<double>(mean, 1e-12)) : mean);
  for (const MelBand& band : mel_analysis(spec)->bands)
    made.push_back(
        std::log(std::max(std::accumulate(band.weights.begin(), band.weights.end(), 0.0), 1e-12)));
  return correlation(unevenness(seen), unevenness(made));
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
  if (guess.values == MelValues::kUnknown) return guess;
  const bool touches = logarithm && mel.touches_floor();
  if (touches)
    guess.floor =
        guess.values == MelValues::kLn ? std::exp(mel.minimum()) : std::pow(10.0, mel.minimum());
  std::vector<std::pair<double, std::string>> matches;
  for (const std::string& name : mel_preset_names()) {
    const MelSpec spec = mel_preset(name);
    if (may_be(mel, spec, guess.values) && (!touches || at_floor(mel, spec)))
      matches.emplace_back(-fingerprint_match(mel, spec), name);
  }
  std::stable_sort(matches.begin(), matches.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& match : matches) guess.presets.push_back(match.second);
  return guess;
}

}  // namespace glowvox::dsp

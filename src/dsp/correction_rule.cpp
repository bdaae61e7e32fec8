// SPDX-License-Identifier: MIT
#include "dsp/correction_rule.hpp"

#include <algorithm>
#include <cmath>

#include "dsp/mel_analysis.hpp"

namespace glowvox::dsp {

namespace {

constexpr double kPi = 3.141592653589793238463;
constexpr int kFadesOfHop = 8;

}  // namespace

std::vector<float> fade_in(int hop) {
  std::vector<float> factors;
  const int count = hop / kFadesOfHop;
  for (int i = 0; i < count; ++i)
    factors.push_back(static_cast<float>(0.5 - 0.5 * std::cos(kPi * (i + 0.5) / count)));
  return factors;
}

double missing_last_hop(const std::vector<double>& window, int hop, std::int64_t ahead) {
  double all = 0.0, there = 0.0;
  const std::int64_t known = static_cast<std::int64_t>(window.size()) - hop;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(window.size()); ++i) {
    const double weight = window[static_cast<std::size_t>(i)];
    const double energy = weight * weight;
    const double into = static_cast<double>(i - (known - ahead)) + 0.5;
    const double falling =
        into < 0.0 ? 1.0 : std::cos(0.5 * kPi * into / static_cast<double>(ahead));
    all += energy;
    if (i < known) there += energy * falling * falling;
  }
  return 0.5 * std::log(there / all);
}

std::optional<NextHop> next_hop_of(const MelSpec& spec, std::int64_t ahead) {
  // Of the frames that are changed the older one begins so many final samples back.
  const std::int64_t kept = spec.n_fft - ahead;
  if (ahead != spec.hop_samples || !NextHop::possible(spec.hop_samples, spec.sample_rate_hz, kept))
    return std::nullopt;
  return NextHop(spec.hop_samples, spec.sample_rate_hz, kept);
}

std::vector<BandOfBin> bands_of_bins(const MelSpec& spec) {
  const std::vector<double> centers = band_centers_hz(spec);
  std::vector<BandOfBin> bins;
  for (int k = 0; k <= spec.n_fft / 2; ++k) {
    const double hz = static_cast<double>(k) * spec.sample_rate_hz / spec.n_fft;
    const auto above = static_cast<std::size_t>(
        std::upper_bound(centers.begin(), centers.end(), hz) - centers.begin());
    const std::size_t lower = above == 0 ? 0 : above - 1;
    const bool between = above > 0 && above < centers.size();
    bins.push_back(
        {static_cast<int>(lower),
         between ? static_cast<float>((hz - centers[lower]) / (centers[above] - centers[lower]))
                 : 0.0F});
  }
  return bins;
}

}  // namespace glowvox::dsp

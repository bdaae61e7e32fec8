// SPDX-License-Identifier: MIT
#include "dsp/mel_level.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "dsp/mel_analysis.hpp"

namespace glowvox::dsp {

MelLevel::MelLevel(const MelSpec& spec) : spec_(spec) {
  const std::shared_ptr<const MelAnalysis> analysis = mel_analysis(spec);
  double window = 0.0;
  for (const double w : analysis->window) window += w * w;
  const double scale = 2.0 / (spec.n_fft * window);
  for (const MelBand& band : analysis->bands) {
    const double sum = std::accumulate(band.weights.begin(), band.weights.end(), 0.0);
    const double most =
        band.weights.empty() ? 0.0 : *std::max_element(band.weights.begin(), band.weights.end());
    // sum / most bins of (value / sum) squared, or of value / sum where that is a power.
    weights_.push_back(sum > 0.0 ? scale / (spec.power == 1.0 ? sum * most : most) : 0.0);
  }
}

double MelLevel::rms(const float* frame) const {
  double sum = 0.0;
  for (std::size_t b = 0; b < weights_.size(); ++b) {
    const double m = std::max(0.0, unstored(frame[b], spec_));
    sum += weights_[b] * (spec_.power == 1.0 ? m * m : m);
  }
  return std::sqrt(sum);
}

}  // namespace glowvox::dsp

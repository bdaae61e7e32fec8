// SPDX-License-Identifier: MIT
#include "dsp/mel_smoothing.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "core/random.hpp"
#include "dsp/natural_log.hpp"

namespace glowvox::dsp {

namespace {

constexpr std::uint32_t kNoiseStream = 7;

// Smooths `count` rows or columns, `stride` apart, of which each has `length` values `step` apart.
void blur(double deviation, std::int64_t count, std::int64_t stride, std::int64_t length,
          std::int64_t step, float* values) {
  const auto reach = static_cast<std::int64_t>(std::ceil(3.0 * deviation));
  std::vector<double> weights(static_cast<std::size_t>(reach + 1));
  for (std::int64_t i = 0; i <= reach; ++i)
    weights[static_cast<std::size_t>(i)] =
        std::exp(-0.5 * static_cast<double>(i * i) / (deviation * deviation));
  std::vector<float> smooth(static_cast<std::size_t>(length));
  for (std::int64_t c = 0; c < count; ++c) {
    float* line = values + c * stride;
    for (std::int64_t i = 0; i < length; ++i) {
      double sum = 0.0, weight = 0.0;
      for (std::int64_t j = std::max<std::int64_t>(0, i - reach);
           j <= std::min(length - 1, i + reach); ++j) {
        const double w = weights[static_cast<std::size_t>(std::abs(i - j))];
        sum += w * line[j * step];
        weight += w;
      }
      smooth[static_cast<std::size_t>(i)] = static_cast<float>(sum / weight);
    }
    for (std::int64_t i = 0; i < length; ++i) line[i * step] = smooth[static_cast<std::size_t>(i)];
  }
}

}  // namespace

void blur_mel(const MelSmoothing& smoothing, std::int64_t frames, std::int64_t bands, float* mel) {
  if (smoothing.frames > 0.0) blur(smoothing.frames, bands, 1, frames, bands, mel);
  if (smoothing.bands > 0.0) blur(smoothing.bands, frames, bands, bands, 1, mel);
}

Mel as_if_predicted(Mel mel, const MelSpec& spec, std::uint64_t seed) {
  blur_mel(kAsIfPredicted, mel.frames, mel.bands, mel.values.data());
  if (spec.log == MelLog::kNone) return mel;
  const double neper = spec.power / spec.deviation / log_unit(spec.log);
  const auto deviation = static_cast<float>(kAsIfPredicted.noise * neper);
  const auto floor = static_cast<float>(mel_floor(spec));
  std::vector<float> noise(mel.values.size());
  fill_normal(seed, kNoiseStream, 0, 0, static_cast<std::int64_t>(noise.size()), noise.data());
  for (std::size_t i = 0; i < noise.size(); ++i)
    mel.values[i] = std::max(floor, mel.values[i] + deviation * noise[i]);
  return mel;
}

}  // namespace glowvox::dsp

// SPDX-License-Identifier: MIT
// Mels as acoustic models predict them: smoother than a recording's.
#pragma once

#include <cstdint>

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// Deviations: of a Gaussian along time, in frames, and across bands; of noise added to every value.
struct MelSmoothing {
  double frames = 0.0, bands = 0.0, noise = 0.0;
};

// What "as if predicted" means wherever it is measured; the noise in nepers of magnitude.
constexpr MelSmoothing kAsIfPredicted = {1.0, 0.5, 0.1};

// Smooths mel: [frames, bands], in place; at its edges with what is there. The noise is not added.
void blur_mel(const MelSmoothing& smoothing, std::int64_t frames, std::int64_t bands, float* mel);

// A recording's mel smoothed by kAsIfPredicted, the noise a function of the seed (none without a
// logarithm): a stand-in for an acoustic model's, to measure a vocoder by.
Mel as_if_predicted(Mel mel, const MelSpec& spec, std::uint64_t seed);

}  // namespace glowvox::dsp

// SPDX-License-Identifier: MIT
// Sound from a mel without a model: what a trained vocoder has to be better than.
#pragma once

#include <cstdint>
#include <vector>

#include "dsp/stft.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::eval {

// Magnitudes, [frames][n_fft / 2 + 1], none negative, whose mel is nearest to `mel` in squares: Lee
// and Seung's multiplicative updates ("Algorithms for non-negative matrix factorization", 2000).
// For specifications of magnitudes or of power; the root is taken of power.
std::vector<float> mel_to_magnitudes(const Mel& mel, const MelSpec& spec);

// Phases found by Griffin and Lim's iteration in its fast form (Perraudin, Balazs, Sondergaard, "A
// fast Griffin-Lim algorithm", WASPAA 2013, alpha 0.99), from random ones. magnitudes: as above.
// Frame t stands around sample t * hop of the result, of [samples].
std::vector<float> griffin_lim(const std::vector<float>& magnitudes, const MelSpec& spec,
                               std::int64_t samples, int iterations, std::uint64_t seed);

// White noise whose transform got these magnitudes as its scale: what the mel alone says.
std::vector<float> shaped_noise(const std::vector<float>& magnitudes, const MelSpec& spec,
                                std::int64_t samples, std::uint64_t seed);

}  // namespace glowvox::eval

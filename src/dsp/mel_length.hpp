// SPDX-License-Identifier: MIT
// How much sound a mel is.
#pragma once

#include <cstdint>

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// Samples at spec.sample_rate_hz that those who make such mels make of so many frames, of one or
// more: a hop for each. Where their vocoder is an inverse transform with centred frames, which ends
// at the last frame's middle, a hop less: the presets vocos_24k (torch.istft) and librosa_default
// (librosa.istft).
std::int64_t made_samples(const MelSpec& spec, std::int64_t frames);

}  // namespace glowvox::dsp

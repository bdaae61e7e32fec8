// SPDX-License-Identifier: MIT
// How a mel was made, as far as its values tell.
#pragma once

#include <string>
#include <vector>

#include "dsp/mel_statistics.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// How the values of a mel are scaled.
enum class MelValues {
  kLn,          // natural logarithm of magnitudes
  kLog10,       // decimal logarithm
  kLinear,      // no logarithm
  kNormalized,  // to mean 0 and deviation 1, or into a range such as [0, 1] or [-4, 4]
  kUnknown      // like no speech
};

const char* name_of(MelValues values);

struct MelGuess {
  MelValues values = MelValues::kUnknown;
  double floor = 0.0;                // as a magnitude; 0: never touched
  std::vector<std::string> presets;  // that it may have been made as, the likeliest first
};

// Whether values may be those of a mel of this specification (its logarithm, floor and bands).
bool fits(const MelStatistics& mel, const MelSpec& spec);

// From speech of a second and more; shorter ones mislead.
MelGuess guess_mel(const MelStatistics& mel);

}  // namespace glowvox::dsp

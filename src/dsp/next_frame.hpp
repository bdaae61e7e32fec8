// SPDX-License-Identifier: MIT
// The mel frame that comes next, guessed.
#pragma once

namespace glowvox::dsp {

// From the newest frame and the one before it, [bands] each, as a specification with a logarithm
// stores them: the newest one, a part of its slope in time, and a part of its curvature over the
// bands, which smooths it; not below the floor. guess: [bands].
void guess_next_frame(const float* before, const float* newest, int bands, float floor,
                      float* guess);

}  // namespace glowvox::dsp

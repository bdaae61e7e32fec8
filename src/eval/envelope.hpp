// SPDX-License-Identifier: MIT
// How clearly the pulses of a voice stand out of it.
#pragma once

#include <vector>

namespace glowvox::eval {

// Coefficient of variation (standard deviation by mean) of the Hilbert envelope between 2.5 and 7
// kHz over 23 ms, mean over the frames of a PitchTrack that are voiced (the middle third of each).
// A voice whose harmonics hang together has bursts there, once a period; the envelope of Gaussian
// noise has sqrt(4 / pi - 1) = 0.52 whatever its spectrum. Phases alone decide between the two, and
// no metric of magnitudes sees it. Ours. NaN without a voiced frame.
double envelope_variation(const std::vector<float>& samples, int sample_rate_hz,
                          const std::vector<bool>& voiced);

}  // namespace glowvox::eval

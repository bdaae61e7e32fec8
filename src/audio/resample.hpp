#pragma once

#include <vector>

namespace glowvox::audio {

// Band-limited resampling of a whole mono signal (libsoxr, high quality). Length: ceil(n * to /
// from).
std::vector<float> resample(const std::vector<float>& samples, int from_hz, int to_hz);

}  // namespace glowvox::audio

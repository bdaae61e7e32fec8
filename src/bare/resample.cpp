// SPDX-License-Identifier: MIT
// audio/resample.hpp where there is no libsoxr.
#include "audio/resample.hpp"

#include "glowvox/error.hpp"

namespace glowvox::audio {

std::vector<float> resample(const std::vector<float>& samples, int from_hz, int to_hz) {
  if (from_hz == to_hz) return samples;
  throw Error("resampling", "this build has no libsoxr",
              "resample the recordings, or pack them where glowvox has libsoxr");
}

}  // namespace glowvox::audio

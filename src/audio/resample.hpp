// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace glowvox::audio {

// Band-limited resampling of a whole mono signal (libsoxr, high quality). Length: ceil(n * to /
// from).
std::vector<float> resample(const std::vector<float>& samples, int from_hz, int to_hz);

// The same in pieces: what push and finish return, one after the other, is what resample gives for
// the whole, to float rounding, and as many samples.
class Resampler {
 public:
  Resampler(int from_hz, int to_hz);
  ~Resampler();
  // Samples that stay until the next call.
  const std::vector<float>& push(const float* samples, std::size_t count);
  const std::vector<float>& finish();  // of this signal; the next push begins another

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glowvox::audio

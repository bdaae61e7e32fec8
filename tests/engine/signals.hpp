// SPDX-License-Identifier: MIT
// Mels to synthesize from, and how near two signals are.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "eval/difference.hpp"
#include "glowvox/mel.hpp"
#include "glowvox/vocoder.hpp"
#include "golden.hpp"

namespace glowvox::test {

// Log-mels of about the range of speech.
inline Mel speech_like_mel(const MelSpec& spec, std::int64_t frames, std::uint64_t seed) {
  Mel mel{frames, spec.bands, std::vector<float>(static_cast<std::size_t>(frames * spec.bands))};
  for (std::int64_t t = 0; t < frames; ++t) {
    for (std::int64_t b = 0; b < spec.bands; ++b) {
      const auto at = static_cast<std::size_t>(t * spec.bands + b);
      const double wave = std::sin(0.31 * t + 0.1 * static_cast<double>(seed)) * std::cos(0.13 * b);
      const double ln = -4.0 + 1.5 * wave + uniform_at(seed, 3, at) - 0.02 * b;
      mel.values[at] = static_cast<float>(spec.log == MelLog::kNone ? std::exp(ln) : ln);
    }
  }
  return mel;
}

// The flow's own sound, which a stream gives with the least latency.
inline SynthesisOptions uncorrected(double sigma, std::uint64_t seed, int threads) {
  return {sigma, seed, threads, std::nullopt, 0};
}

// Those that can be asked for on this processor.
inline std::vector<Precision> precisions_here() {
  std::vector<Precision> all = {Precision::kFloat32, Precision::kInt8};
  if (has_bfloat16()) all.push_back(Precision::kBfloat16);
  return all;
}

inline double largest(const std::vector<float>& x) {
  double most = 0.0;
  for (const float v : x) most = std::max(most, std::fabs(static_cast<double>(v)));
  return most;
}

inline const std::string kShippedModel = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";

}  // namespace glowvox::test

// Mels to synthesize from, and how near two signals are.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"
#include "glowvox/random.hpp"

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

inline double largest(const std::vector<float>& x) {
  double most = 0.0;
  for (const float v : x) most = std::max(most, std::fabs(static_cast<double>(v)));
  return most;
}

// The largest difference, relative to audio in [-1, 1].
inline double difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - b[i]));
  return most / std::max(1.0, largest(a));
}

// Signal to noise of b against a in dB.
inline double snr_db(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double signal = 0.0, noise = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    signal += static_cast<double>(a[i]) * a[i];
    noise += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  }
  return 10.0 * std::log10(signal / std::max(noise, 1e-300));
}

inline const std::string kShippedModel = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";
inline std::string golden_model(const std::string& name) {
  return std::string(GLOWVOX_TEST_DATA) + "/" + name + "/model.safetensors";
}

}  // namespace glowvox::test

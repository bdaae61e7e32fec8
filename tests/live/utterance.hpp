// SPDX-License-Identifier: MIT
// What the tests on sound cards share: something to play, and how it is found in what was heard.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "arrays/mel_file.hpp"
#include "engine/signals.hpp"
#include "glowvox/vocoder.hpp"
#include "live/child.hpp"

namespace glowvox::test {
using Clock = std::chrono::steady_clock;

constexpr int kRate = 22050;
constexpr double kHopSeconds = 256.0 / kRate;
#if defined(__SANITIZE_ADDRESS__)
constexpr double kSlower = 4.0;  // what is instrumented
#else
constexpr double kSlower = 1.0;
#endif

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What is synthesized, as a file and as the samples that must be heard.
struct Utterance {
  explicit Utterance(std::int64_t frames) {
    const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kAutoStream);
    mel = speech_like_mel(vocoder.mel(), frames, 1);
    // About the mean and deviation of the model's training data: nothing to warn of.
    for (std::size_t i = 0; i < mel.values.size(); ++i) {
      const std::size_t band = i % vocoder.mel_means().size();
      const float z = (mel.values[i] + 3.5F + 0.02F * static_cast<float>(band)) / 0.8F;
      mel.values[i] = vocoder.mel_means()[band] + vocoder.mel_deviations()[band] * z;
    }
    path = folder.file("mel.npy");
    arrays::write_mel(path, mel);
    samples = vocoder.synthesize(mel, uncorrected(0.7, 1, 1));
    for (float& x : samples) x = std::clamp(x, -1.0F, 1.0F);
  }
  const float* frame(std::int64_t i) const { return &mel.values[static_cast<std::size_t>(i * 80)]; }
  TemporaryDirectory folder;
  Mel mel;
  std::string path;
  std::vector<float> samples;
};

inline std::vector<std::string> running(const std::string& command,
                                        std::vector<std::string> options) {
  std::vector<std::string> all = {GLOWVOX_BINARY, command,         "--model", kShippedModel,
                                  "--json",       "--corrections", "0"};
  all.insert(all.end(), options.begin(), options.end());
  return all;
}

// Where `part` begins in x; -1: nowhere.
inline std::ptrdiff_t find(const std::vector<float>& x, const std::vector<float>& part) {
  const auto found = std::search(x.begin(), x.end(), part.begin(), part.end());
  return found == x.end() ? -1 : found - x.begin();
}

inline bool silent(const std::vector<float>& x, std::size_t begin, std::size_t end) {
  return std::all_of(x.begin() + static_cast<std::ptrdiff_t>(begin),
                     x.begin() + static_cast<std::ptrdiff_t>(end),
                     [](float v) { return v == 0.0F; });
}

// The utterance, sample for sample, in silence.
inline void check_heard(const std::vector<float>& heard, const std::vector<float>& samples) {
  const std::ptrdiff_t begin = find(heard, samples);
  REQUIRE(begin >= 0);
  const auto first = static_cast<std::size_t>(begin);
  CHECK(silent(heard, 0, first));
  CHECK(silent(heard, first + samples.size(), heard.size()));
}

inline double steepest(const std::vector<float>& x) {
  double most = 0.0;
  for (std::size_t i = 1; i < x.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(x[i]) - x[i - 1]));
  return most;
}

// Frames as an acoustic model in real time writes them: one a hop.
inline void write_in_time(Child* child, const Utterance& u, std::int64_t first, std::int64_t last,
                          Clock::time_point start) {
  run_first();
  for (std::int64_t i = first; i < last; ++i) {
    std::this_thread::sleep_until(
        start + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(static_cast<double>(i - first) * kHopSeconds)));
    REQUIRE(child->write(u.frame(i), 80 * sizeof(float)));
  }
}

}  // namespace glowvox::test

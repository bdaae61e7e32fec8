// SPDX-License-Identifier: MIT
// What training tests share: a small corpus and the tiny configuration.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "audio/sound_file.hpp"
#include "config/model_config.hpp"
#include "temporary.hpp"

namespace glowvox::test {

inline config::ModelConfig tiny() {
  return config::read_config(std::string(GLOWVOX_CONFIGS) + "/tiny.yaml");
}

// The same, trained by its own samples as well.
inline config::ModelConfig tiny_sampled() {
  config::ModelConfig config = tiny();
  config.train.likelihood = {0.3, 0.5};
  config.train.sample_loss.weight = 1.0;
  config.train.sample_loss.mel_weight = 0.5;
  config.train.sample_loss.corrected = 0.5;
  config.train.sample_loss.fft_sizes = {512, 128, 32};
  config.train.sample_loss.skip_frames = 4;
  return config;
}

inline std::vector<float> speech() {
  return audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
}

// A part of it as a file.
inline void write_speech(const std::string& path, std::size_t first, std::size_t count,
                         int sample_rate_hz = 22050) {
  const std::vector<float> all = speech();
  const auto from = all.begin() + static_cast<std::ptrdiff_t>(first);
  audio::write_audio(path, {from, from + static_cast<std::ptrdiff_t>(count)}, sample_rate_hz);
}

// A bare build has no libsndfile.
#ifdef GLOWVOX_BARE
constexpr const char* kSecondClip = "b.wav";
#else
constexpr const char* kSecondClip = "b.flac";
#endif

// A folder with two clips of speech, a.wav and kSecondClip.
class SpeechFolder : public TemporaryDirectory {
 public:
  SpeechFolder() {
    const std::vector<float> all = speech();
    audio::write_audio(file("a.wav"), {all.begin(), all.begin() + 20000}, 22050);
    audio::write_audio(file(kSecondClip), {all.begin() + 20000, all.end()}, 22050);
  }
  std::string folder() const { return file(""); }
};

inline void ignore(const std::string& /*message*/) {}

}  // namespace glowvox::test

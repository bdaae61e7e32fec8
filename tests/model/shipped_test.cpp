// SPDX-License-Identifier: MIT
// The shipped models on speech that they were not trained on.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "arrays/mel_file.hpp"
#include "audio/sound_file.hpp"
#include "eval/evaluation.hpp"
#include "eval/stoi.hpp"
#include "glowvox/vocoder.hpp"
#include "model/model_file.hpp"
#include "train/segment_sampler.hpp"
#include "train/validation.hpp"

using namespace glowvox;

namespace {

const std::string kSamples = GLOWVOX_SAMPLES;
const std::string kDevList = GLOWVOX_CORPUS "/dev-kerstin.txt";

const std::string kVoices[] = {"mdct-causal", "mdct-causal-small"};

std::string file_of(const std::string& voice) { return kSamples + "/" + voice + ".safetensors"; }

}  // namespace

TEST_CASE("the shipped models speak intelligibly from the shipped mel") {
  for (const std::string& voice : kVoices) {
    CAPTURE(voice);
    const auto model = model::load_model(file_of(voice));
    const MelSpec& spec = model->config().mel;
    const auto audio = audio::load_mono(kSamples + "/kerstin.flac", spec.sample_rate_hz, nullptr);
    const Mel mel = arrays::read_mel(kSamples + "/kerstin.npy", spec.bands);
    for (const double sigma : {1.0, 0.7}) {
      const auto copy = model->synthesize(mel, sigma, 1);
      CHECK(copy.size() + spec.hop_samples > audio.size());
      CHECK(eval::stoi(audio, copy, spec.sample_rate_hz) >= 0.9);
    }
  }
}

TEST_CASE("the small voice is for small devices") {
  CHECK(std::filesystem::file_size(file_of("mdct-causal-small")) <= 6'000'000);
  CHECK(model::load_model(file_of("mdct-causal-small"))->gmac_per_second() <= 0.3);
}

TEST_CASE("the shipped models' voices, corrected, on speech of a speaker whom the larger knows") {
  if (!std::filesystem::exists(kDevList)) {
    MESSAGE("skipped: no speech corpus at " GLOWVOX_CORPUS);
    return;
  }
  constexpr int kFiles = 6;
  const std::vector<std::string> paths = train::list_recordings(kDevList);
  for (const auto& [voice, sigma] :
       {std::pair{kVoices[0], 0.7}, {kVoices[0], 1.0}, {kVoices[1], 0.7}, {kVoices[1], 1.0}}) {
    CAPTURE(voice);
    CAPTURE(sigma);
    const Vocoder vocoder = Vocoder::load(file_of(voice));
    std::vector<double> mean(eval::metrics().size(), 0.0);
    for (int file = 0; file < kFiles; ++file) {
      const auto audio = audio::load_mono(paths[static_cast<std::size_t>(file)], 22050, nullptr);
      const Mel mel = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), vocoder.mel());
      const auto values = eval::measure(audio, vocoder.synthesize(mel, {sigma, 1, 0}), 22050);
      for (std::size_t m = 0; m < mean.size(); ++m) mean[m] += values[m] / kFiles;
    }
    const auto value = [&](const char* key) { return mean[eval::metric_at(key)]; };
    CHECK(value("stoi") >= 0.97);
    CHECK(value("mel_error") <= 0.15);
    CHECK(value("stft_distance") <= (voice == "mdct-causal" ? 1.0 : 1.06));
    CHECK(value("periodicity_error") <= 0.12);
    CHECK(value("voicing_f1") >= 0.96);
    CHECK(value("gross_f0_errors") <= 0.03);
    CHECK(std::fabs(value("level")) <= 0.5);
    CHECK(value("loudest_frame") <= 12.0);
  }
}

TEST_CASE("the shipped models' held-out likelihood on that speaker") {
  if (!std::filesystem::exists(kDevList)) {
    MESSAGE("skipped: no speech corpus at " GLOWVOX_CORPUS);
    return;
  }
  for (const auto& [voice, nats] : {std::pair{kVoices[0], 5.87}, {kVoices[1], 5.80}}) {
    CAPTURE(voice);
    const auto model = model::load_model(file_of(voice));
    const train::Corpus corpus(kDevList, model->config().mel.sample_rate_hz,
                               [](const std::string&) {});
    const train::Validation v = train::validate(*model, corpus);
    CHECK(v.nats_per_sample >= nats);
    CHECK(v.band_nats.size() == train::kBands);
    CHECK(v.swapped_mel_loss > 1.0);
  }
}

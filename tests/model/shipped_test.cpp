// The shipped model on speech that it was not trained on.
#include <doctest/doctest.h>

#include <filesystem>

#include "audio/wav.hpp"
#include "eval/stoi.hpp"
#include "format/mel_file.hpp"
#include "model/model_file.hpp"
#include "train/segment_sampler.hpp"
#include "train/validation.hpp"

using namespace glowvox;

namespace {

const std::string kSamples = GLOWVOX_SAMPLES;
const std::string kDevList = GLOWVOX_CORPUS "/dev-kerstin.txt";

std::shared_ptr<model::FlowVocoder> shipped() {
  return model::load_model(kSamples + "/mdct-causal.safetensors");
}

}  // namespace

TEST_CASE("the shipped model speaks intelligibly from the shipped mel") {
  const auto model = shipped();
  const MelSpec& spec = model->config().mel;
  const auto audio = audio::load_mono(kSamples + "/kerstin.flac", spec.sample_rate_hz, nullptr);
  const Mel mel = format::read_mel(kSamples + "/kerstin.npy", spec.bands);
  for (const double sigma : {1.0, 0.7}) {
    const auto copy = model->synthesize(mel, sigma, 1);
    CHECK(copy.size() + spec.hop_samples > audio.size());
    CHECK(eval::stoi(audio, copy, spec.sample_rate_hz) >= 0.83);
  }
}

TEST_CASE("the shipped model's held-out likelihood on a speaker it knows") {
  if (!std::filesystem::exists(kDevList)) {
    MESSAGE("skipped: no speech corpus at " GLOWVOX_CORPUS);
    return;
  }
  const auto model = shipped();
  const train::Corpus corpus(kDevList, model->config().mel.sample_rate_hz,
                             [](const std::string&) {});
  const train::Validation v = train::validate(*model, corpus);
  CHECK(v.nats_per_sample >= 5.81);
  CHECK(v.swapped_mel_loss > 1.0);
}

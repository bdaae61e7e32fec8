// SPDX-License-Identifier: MIT
// What the loader's thread takes for a batch, with and without augmentation.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>

#include "config/model_config.hpp"
#include "train/segment_sampler.hpp"

using namespace glowvox;

namespace {

constexpr int kBatches = 12, kTries = 3;

double milliseconds_of_batch(const train::Corpus& corpus, const config::ModelConfig& config) {
  const train::SegmentSampler sampler(corpus, config, config.mel.hop_samples, 1,
                                      [](const std::string&) {});
  sampler.batch(0);
  double best = 1e9;
  for (int i = 0; i < kTries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    for (int b = 0; b < kBatches; ++b) sampler.batch(b);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kBatches);
  }
  return best;
}

}  // namespace

// usage: bench_loader CONFIG LIST
int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: {} CONFIG LIST\n", argv[0]);
    return 2;
  }
  at::set_num_threads(1);
  config::ModelConfig config = config::read_config(argv[1]);
  const train::Corpus corpus(std::string(argv[2]), config.mel.sample_rate_hz,
                             [](const std::string&) {});
  for (std::size_t i = 0; i < corpus.size(); ++i) corpus.read(i);  // decoded before the clock runs
  const auto show = [&](const char* name, const std::function<void(config::AugmentConfig&)>& set) {
    config.train.augment = {};
    set(config.train.augment);
    fmt::print("{:<28}{:8.1f} ms a batch of {}\n", name, milliseconds_of_batch(corpus, config),
               config.train.batch);
  };
  const auto everything = [](config::AugmentConfig& a) {
    a.gain_db = 24.0;
    a.polarity = 0.5;
    a.speed.probability = a.low_pass.probability = a.noise.probability = 1.0;
    a.mel_blur.probability = 1.0;
  };
  const auto configured = config::read_config(argv[1]).train.augment;
  show("none", [](config::AugmentConfig&) {});
  show("as configured", [&](config::AugmentConfig& a) { a = configured; });
  show("speed, always", [](config::AugmentConfig& a) { a.speed.probability = 1.0; });
  show("low-pass, always", [](config::AugmentConfig& a) { a.low_pass.probability = 1.0; });
  show("noise, always", [](config::AugmentConfig& a) { a.noise.probability = 1.0; });
  show("mel blur, always", [](config::AugmentConfig& a) { a.mel_blur.probability = 1.0; });
  show("all of them, always", everything);
}

// Models for the engine's tests: saved by the LibTorch model that they are compared with.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "glowvox/random.hpp"
#include "glowvox/vocoder.hpp"
#include "model/model_file.hpp"
#include "temporary.hpp"

namespace glowvox::test {

// Log-mels of about the range of speech, smooth in time and frequency.
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

// Every parameter that starts at zero or one gets a small random part.
inline std::shared_ptr<model::FlowVocoder> random_model(const format::ModelConfig& config) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(7);
  auto model = std::make_shared<model::FlowVocoder>(config);
  model->randomize();
  for (auto& p : model->named_parameters()) {
    const bool affine = p.key().find("actnorm") != std::string::npos ||
                        p.key().find("scale_") != std::string::npos ||
                        p.key().find("shift_") != std::string::npos;
    if (affine) p.value().add_(torch::randn_like(p.value()) * 0.05);
  }
  model->eval();
  return model;
}

inline Vocoder saved_and_loaded(const TemporaryDirectory& folder, const model::FlowVocoder& model,
                                Precision precision = Precision::kFloat32) {
  const std::string path = folder.file("model.safetensors");
  model::save_model(path, model, false);
  return Vocoder::load(path, precision);
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

// A shipped configuration with narrow nets, everything else as it is.
inline format::ModelConfig reduced_config(const std::string& name, int channels = 24) {
  format::ModelConfig config =
      format::read_config(std::string(GLOWVOX_CONFIGS) + "/" + name + ".yaml");
  config.net.channels = channels;
  config.conditioner.channels = std::min(config.conditioner.channels, channels);
  return config;
}

inline std::vector<std::string> shipped_configs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(GLOWVOX_CONFIGS))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace glowvox::test

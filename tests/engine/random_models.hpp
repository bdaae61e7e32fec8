// SPDX-License-Identifier: MIT
// Models for the engine's tests: saved by the LibTorch model that they are compared with.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/signals.hpp"
#include "glowvox/vocoder.hpp"
#include "model/model_file.hpp"
#include "temporary.hpp"

namespace glowvox::test {

// Every parameter that starts at zero or one gets a small random part.
inline std::shared_ptr<model::FlowVocoder> random_model(const config::ModelConfig& config) {
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

// A shipped configuration with narrow nets, everything else as it is.
inline config::ModelConfig reduced_config(const std::string& name, int channels = 24) {
  config::ModelConfig config =
      config::read_config(std::string(GLOWVOX_CONFIGS) + "/" + name + ".yaml");
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

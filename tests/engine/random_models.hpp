// SPDX-License-Identifier: MIT
// Models for the engine's tests: saved by the LibTorch model that they are compared with.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
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

// What no shipped configuration has.
struct Variant {
  const char* name;
  const char* base;
  std::function<void(config::ModelConfig&)> change;
  config::ModelConfig config() const {
    config::ModelConfig changed = reduced_config(base);
    change(changed);
    return changed;
  }
};

inline std::vector<Variant> variants() {
  return {
      {"look-ahead in the conditioner", "mdct-causal",
       [](auto& c) { c.conditioner.causal = false; }},
      {"look-ahead in the nets", "mdct-causal", [](auto& c) { c.net.causal = false; }},
      {"no blocks in the conditioner", "mdct-causal", [](auto& c) { c.conditioner.layers = 0; }},
      {"dense mixing and actnorm over a lapped transform", "mdct-causal",
       [](auto& c) {
         c.mixing = config::MixingKind::kLu;
         c.actnorm = true;
       }},
      {"separable causal nets, several rows in a frame", "mdct-causal",
       [](auto& c) {
         c.lift.channels = 64;
         c.net.kind = config::NetKind::kSeparable;
         c.net.weight_norm = true;
       }},
      {"no mixing over a lapped transform", "mdct-causal",
       [](auto& c) { c.mixing = config::MixingKind::kNone; }},
      {"a bounded log-scale", "mdct-causal", [](auto& c) { c.coupling.log_s_bound = 0.5; }},
      {"an even kernel", "mdct-causal", [](auto& c) { c.net.kernel = 2; }},
      {"additive separable couplings", "squeezewave-64s",
       [](auto& c) { c.coupling.kind = config::CouplingKind::kAdditive; }},
      {"halves swapped, early outputs, pairs", "squeezewave-128s",
       [](auto& c) {
         c.mixing = config::MixingKind::kSwap;
         c.coupling.split = config::SplitKind::kEvenOdd;
         c.coupling.alternate = true;
       }},
      {"odd widths", "waveglow-64",
       [](auto& c) {
         c.net.channels = 19;
         c.mel.bands = 13;
         c.lift.channels = 16;
         c.early.channels = 6;
       }},
      {"a transposed convolution that is no whole number of hops", "waveglow-64",
       [](auto& c) { c.conditioner.kernel = 700; }},
      {"scale and shift from upsampled features", "waveglow-64",
       [](auto& c) { c.scale_shift = true; }},
      {"more output than width", "waveglow-64",
       [](auto& c) {
         c.net.layers = 2;
         c.net.channels = 4;
         c.lift.channels = 32;
       }},
      {"decimal logarithm of power", "mdct-causal",
       [](auto& c) {
         c.mel.log = MelLog::kLog10;
         c.mel.power = 2.0;
       }},
      {"magnitudes without a logarithm", "mdct-causal", [](auto& c) { c.mel.log = MelLog::kNone; }},
  };
}

}  // namespace glowvox::test

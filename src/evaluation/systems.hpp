// SPDX-License-Identifier: MIT
// The ways of making a recording's sound again that glowvox eval compares.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine_options.hpp"
#include "model/flow_vocoder.hpp"

namespace glowvox::evaluation {

struct Item {
  std::string path;
  int rate_hz = 0;
  std::vector<float> samples;
};

struct System {
  std::string name;
  std::function<std::vector<float>(const Item&)> make;
};

constexpr const char* kLatents = "latents";

// "griffin-lim" or "noise": from the tacotron2 mel alone.
bool is_baseline(const std::string& name);
System baseline(const std::string& name, std::uint64_t seed);

// The model's own latents, decoded again.
System latents_of(const std::shared_ptr<model::FlowVocoder>& flow);

// The model at every temperature, or at the engine's own where none is given; as_if_predicted: at
// each from the mel smoothed as well, as an acoustic model would have predicted it.
std::vector<System> systems_of_model(const EngineOptions& engine, const std::vector<double>& sigmas,
                                     bool as_if_predicted, const std::shared_ptr<Vocoder>& vocoder);

// The files of `folder` that have the names of the recordings below `root`, whatever their
// extensions.
System files_of(const std::string& folder, const std::string& root);

}  // namespace glowvox::evaluation

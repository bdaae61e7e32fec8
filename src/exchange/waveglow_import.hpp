// SPDX-License-Identifier: MIT
// Checkpoints of NVIDIA's WaveGlow and of SqueezeWave as models of ours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model_config.hpp"
#include "pytorch/state_dict.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::exchange {

struct ImportOptions {
  std::string config;  // file: a configuration of ours, or the JSON it was trained with; or empty
  std::string mel;     // preset or specification (as in a configuration); or empty
  bool old_split = false;         // odd steps transform the first half (WaveGlow's first version)
  std::optional<double> denoise;  // usual strength, stored in the model file
};

struct ImportedModel {
  config::ModelConfig config;
  safetensors::Safetensors file;     // metadata included
  std::vector<std::string> remarks;  // what had to be assumed or was left out
};

// Works out the variant from names and shapes and renames the tensors; the values stay as they are
// (weight normalisation included), but for batch normalisations, which become the affine map that
// they are in evaluation mode. Throws Error naming the first tensor that is missing, extra, has
// another shape than expected, or is not finite.
ImportedModel import_waveglow(const pytorch::StateDict& checkpoint, const ImportOptions& options);

}  // namespace glowvox::exchange

// SPDX-License-Identifier: MIT
// What kind of WaveGlow or SqueezeWave a checkpoint is.
#pragma once

#include <string>
#include <vector>

#include "config/model_config.hpp"
#include "exchange/source.hpp"
#include "exchange/training_config.hpp"
#include "exchange/waveglow_layout.hpp"

namespace glowvox::exchange {

struct Variant {
  config::ModelConfig config;
  std::vector<std::string> remarks;  // what the tensors could not tell
};

// From names and shapes alone; the mel specification, which they do not tell but for the number of
// bands, from `mel` (empty: tacotron2's, with the hop of the transposed convolution).
Variant variant_of(const Source& source, const std::string& mel, const TrainingConfig& training);

// The name and the last part of the effective weight of a convolution of theirs.
std::string weight_name(const Source& source, const std::string& conv);
bool is_normalized(const Source& source, const std::string& conv);

TheirForm form_of(const Source& source, const config::ModelConfig& config);

}  // namespace glowvox::exchange

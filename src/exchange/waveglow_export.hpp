// SPDX-License-Identifier: MIT
// Models of ours as state dicts of NVIDIA's WaveGlow and of SqueezeWave.
#pragma once

#include <map>
#include <string>

#include "config/model_config.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::exchange {

// The state dict (their names and layouts, F32) of a model file's tensors. Weight-normalised
// convolutions stay so; a model whose odd steps transform the first half gets a cond_layers for
// every layer, as the WaveGlow of that time has. Throws Error with `where`, naming the key, for a
// configuration that neither program knows, and naming the tensor where one is missing.
std::map<std::string, safetensors::Tensor> export_waveglow(
    const config::ModelConfig& config, const safetensors::MappedSafetensors& model,
    const std::string& where);

}  // namespace glowvox::exchange

// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "config/model_config.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::engine {

// Prepares a model that is not a file yet and throws it away. Throws Error with `where`, naming the
// tensor or the step, when it could not be synthesized with.
void check_model(const safetensors::Safetensors& file, const config::ModelConfig& config,
                 const std::string& where);

}  // namespace glowvox::engine

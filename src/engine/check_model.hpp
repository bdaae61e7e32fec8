#pragma once

#include <string>

#include "format/config.hpp"
#include "format/safetensors.hpp"

namespace glowvox::engine {

// Prepares a model that is not a file yet and throws it away. Throws Error with `where`, naming the
// tensor or the step, when it could not be synthesized with.
void check_model(const format::Safetensors& file, const format::ModelConfig& config,
                 const std::string& where);

}  // namespace glowvox::engine

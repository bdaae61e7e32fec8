// SPDX-License-Identifier: MIT
// What a model file says about itself.
#pragma once

#include <map>
#include <string>

#include "config/model_config.hpp"

namespace glowvox::safetensors {

// The metadata of a model file: format version and full configuration.
std::map<std::string, std::string> model_metadata(const config::ModelConfig& config);

// The configuration in a model file's metadata. Throws Error naming the path when the file is not a
// model or has another format version.
config::ModelConfig model_config(const std::map<std::string, std::string>& metadata,
                                 const std::string& path);

}  // namespace glowvox::safetensors

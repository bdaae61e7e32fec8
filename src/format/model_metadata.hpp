// What a model file says about itself.
#pragma once

#include <map>
#include <string>

#include "format/config.hpp"

namespace glowvox::format {

// The metadata of a model file: format version and full configuration.
std::map<std::string, std::string> model_metadata(const ModelConfig& config);

// The configuration in a model file's metadata. Throws Error naming the path when the file is not a
// model or has another format version.
ModelConfig model_config(const std::map<std::string, std::string>& metadata,
                         const std::string& path);

}  // namespace glowvox::format

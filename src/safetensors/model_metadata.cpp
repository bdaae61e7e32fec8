// SPDX-License-Identifier: MIT
#include "safetensors/model_metadata.hpp"

#include "glowvox/error.hpp"

namespace glowvox::safetensors {

namespace {
constexpr const char* kFormatVersion = "1";
}

std::map<std::string, std::string> model_metadata(const config::ModelConfig& config) {
  return {{"format_version", kFormatVersion}, {"config", config::to_yaml(config)}};
}

config::ModelConfig model_config(const std::map<std::string, std::string>& metadata,
                                 const std::string& path) {
  const auto version = metadata.find("format_version");
  const auto config = metadata.find("config");
  if (version == metadata.end() || config == metadata.end())
    throw Error(path, "is not a glowvox model: its metadata has no configuration");
  if (version->second != kFormatVersion)
    throw Error(
        path,
        std::string("expected model format version ") + kFormatVersion + ", got " + version->second,
        "use the glowvox that wrote it");
  return config::parse_config(config->second, path);
}

}  // namespace glowvox::safetensors

// SPDX-License-Identifier: MIT
#include "config/model_config.hpp"
#include "core/atomic_file.hpp"

namespace glowvox::config {

ModelConfig read_config(const std::string& path) { return parse_config(read_file(path), path); }

}  // namespace glowvox::config

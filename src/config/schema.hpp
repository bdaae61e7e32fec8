// SPDX-License-Identifier: MIT
// The keys of a configuration.
#pragma once

#include "config/model_config.hpp"
#include "core/keys.hpp"

namespace glowvox::config {

// Every key, in the order in which to_yaml writes them. They point into `config`.
Keys keys_of(ModelConfig& config);

}  // namespace glowvox::config

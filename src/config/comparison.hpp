// SPDX-License-Identifier: MIT
// What two configurations have in common.
#pragma once

#include <string>

#include "config/model_config.hpp"

namespace glowvox::config {

// What has to be equal for weights to mean the same: all but name, purpose, base, training, the
// habits of synthesis and what was measured of the data, which are made usual ones.
ModelConfig network_of(ModelConfig config);

// Whether two networks of wavenets are the same but for the channels of the conditioner and of the
// nets, of which `narrow` has no more anywhere and fewer somewhere.
bool is_narrower(const ModelConfig& narrow, const ModelConfig& wide);

// The first line in which two texts differ: "'steps: 8' there, 'steps: 6' here".
std::string first_difference(const std::string& there, const std::string& here);

}  // namespace glowvox::config

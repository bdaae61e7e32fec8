// SPDX-License-Identifier: MIT
// What a graph says about itself.
#pragma once

#include <map>
#include <string>

#include "onnx/vocoder_graph.hpp"

namespace glowvox::onnx {

// Every key is explained in docs/onnx.md. state_size: of a streaming graph.
std::map<std::string, std::string> metadata_of(const config::ModelConfig& config,
                                               const Options& options, std::int64_t state_size);

}  // namespace glowvox::onnx

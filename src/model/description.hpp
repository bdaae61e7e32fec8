// SPDX-License-Identifier: MIT
// glowvox info and init: what a model is, and one of random weights.
#pragma once

#include <cstdint>
#include <string>

namespace glowvox::model {

// Prints what a model file or a configuration (.yaml) is: its size, work, receptive field, latency;
// with `timing` of a model file also the precisions that it would run in here and why.
void describe(const std::string& path, bool timing, bool json);

struct InitOptions {
  std::string config, out;
  std::uint64_t seed = 1;
  bool half = false, json = false;
};

// Writes a model of random weights, for tests and timing.
void write_random(const InitOptions& options);

}  // namespace glowvox::model

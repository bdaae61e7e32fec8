// SPDX-License-Identifier: MIT
// How fast `glowvox bench` finds a training step.
#pragma once

#include "rows.hpp"

namespace glowvox::bench {

// A step of configs/mdct-causal.yaml against its matrix products alone.
BenchRow training_step(const BenchOptions& options);

}  // namespace glowvox::bench

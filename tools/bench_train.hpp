// SPDX-License-Identifier: MIT
// How fast `glowvox bench` finds a training step.
#pragma once

#include "bench_rows.hpp"

namespace glowvox::tools {

// A step of configs/mdct-causal.yaml against its matrix products alone.
BenchRow training_step(const BenchOptions& options);

}  // namespace glowvox::tools

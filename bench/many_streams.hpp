// SPDX-License-Identifier: MIT
// How many streams at once this machine carries: frames of all of them, step after step.
#pragma once

#include "rows.hpp"

namespace glowvox::bench {

// Work for a frame of 150 streams that are stepped together, against that of streams one by one on
// as many threads; further figures: a step of other numbers of streams, on one thread and all.
BenchRow many_streams(const BenchOptions& options);

}  // namespace glowvox::bench

// SPDX-License-Identifier: MIT
// How soon a command's sound is there.
#pragma once

#include "rows.hpp"

namespace glowvox::bench {

// From the start of the process to its end, with a short utterance written: no later than that is
// its first sample. Its parts: the process and its libraries, mapping the model, laying its weights
// out, making the sound.
BenchRow start(const BenchOptions& options);

}  // namespace glowvox::bench

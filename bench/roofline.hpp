// SPDX-License-Identifier: MIT
// What bounds the synthesis of a whole utterance.
#pragma once

#include "rows.hpp"

namespace glowvox::bench {

// Ten seconds of the project's voice as a user gets them, corrections and the file included,
// against what their matrix products would take at the speed of the best product of this machine,
// whose operands stay in a core's cache. Every kind of work is then repeated by itself on as many
// rows: time, operations, bytes. What is left over are bias additions, copies, and threads that
// wait.
BenchRow roofline(const BenchOptions& options);

}  // namespace glowvox::bench

// SPDX-License-Identifier: MIT
// Ctrl-C during long work.
#pragma once

#include <atomic>

namespace glowvox {

constexpr int kInterruptedStatus = 130;

// From now on the first SIGINT, SIGTERM or SIGHUP sets the flag that is returned; a second one ends
// the program. A signal that is ignored (nohup) stays so.
const std::atomic<bool>& catch_interrupts();

}  // namespace glowvox

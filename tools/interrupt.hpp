// Ctrl-C during long work.
#pragma once

#include <atomic>

namespace glowvox::tools {

constexpr int kInterruptedStatus = 130;

// From now on the first SIGINT or SIGTERM sets the flag that is returned; a second one ends the
// program.
const std::atomic<bool>& catch_interrupts();

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
#include "core/interrupt.hpp"

#include "core/platform_tools.hpp"

namespace glowvox {

namespace {

std::atomic<bool> interrupted{false};

void on_signal(int /*signal*/) { interrupted = true; }

}  // namespace

const std::atomic<bool>& catch_interrupts() {
  platform::on_interrupt(on_signal);
  return interrupted;
}

}  // namespace glowvox

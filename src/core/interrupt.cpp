// SPDX-License-Identifier: MIT
#include "core/interrupt.hpp"

#include <csignal>
#include <initializer_list>

namespace glowvox {

namespace {

std::atomic<bool> interrupted{false};

void on_signal(int /*signal*/) { interrupted = true; }

}  // namespace

const std::atomic<bool>& catch_interrupts() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    // The default again after the first, and no call is started again after it.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &action, nullptr);
  }
  return interrupted;
}

}  // namespace glowvox

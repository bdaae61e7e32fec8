#include "interrupt.hpp"

#include <csignal>

namespace glowvox::tools {

namespace {

std::atomic<bool> interrupted{false};

void on_signal(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

const std::atomic<bool>& catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return interrupted;
}

}  // namespace glowvox::tools

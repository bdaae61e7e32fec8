// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace glowvox {

// One line on standard error, redrawn in place on a terminal; elsewhere a line every half minute.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar() { finish(); }
  void show(double fraction, const std::string& text);
  void clear();   // before another message
  void finish();  // leaves the last state and ends the line

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point last_;
  std::string line_;
};

}  // namespace glowvox

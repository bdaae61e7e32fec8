// SPDX-License-Identifier: MIT
// What a flow gives: samples, and of an overlapping lift also what is known of the next ones.
#pragma once

#include <cstddef>
#include <vector>

namespace glowvox::engine {

struct FlowOutput {
  std::vector<float> samples;     // final
  std::vector<std::size_t> ends;  // how many of them each row made final; empty: nothing is ahead
  // Behind each row's last final sample, what the row itself gives the next ones, to which the next
  // row adds its own: [ends.size()][the lift's channels]. Where the next row was drawn as well
  // (Pipeline), what both make of so many samples, and then what that row gives the next ones.
  std::vector<float> ahead;

  void clear() {
    samples.clear();
    ends.clear();
    ahead.clear();
  }
};

}  // namespace glowvox::engine

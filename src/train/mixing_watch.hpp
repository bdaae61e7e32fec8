// SPDX-License-Identifier: MIT
// Mixing matrices on their way to being singular.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/flow_vocoder.hpp"

namespace glowvox::train {

// Follows the condition numbers of a run's mixing matrices.
class MixingWatch {
 public:
  // A matrix is warned of when its condition number passes kWorrying, a hundredth of what synthesis
  // refuses, or is growing so fast that it will at the rate of the last interval: once, and again
  // at every further factor of ten.
  static constexpr double kWorrying = 1e5;
  std::vector<std::string> look(std::int64_t step, const std::vector<model::MixingState>& states);

 private:
  struct Last {
    std::int64_t step = 0;
    double log_condition = 0.0, warned_at = 0.0;
    bool predicted = false;
  };
  std::map<std::string, Last> last_;
};

}  // namespace glowvox::train

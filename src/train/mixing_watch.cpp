// SPDX-License-Identifier: MIT
#include "train/mixing_watch.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/condition_number.hpp"

namespace glowvox::train {

namespace {
constexpr const char* kAdvice = "a lower --rate, or a configuration with mixing: lu, keeps it away";
constexpr double kEarliest = 1e3;  // below it growth predicts nothing
}  // namespace

std::vector<std::string> MixingWatch::look(std::int64_t step,
                                           const std::vector<model::MixingState>& states) {
  std::vector<std::string> warnings;
  for (const model::MixingState& s : states) {
    const bool known = last_.count(s.layer) > 0;
    Last& last = last_[s.layer];
    const double now = std::log(s.condition);
    if (!(s.condition < kWorrying)) {
      if (!(s.condition < 10.0 * last.warned_at) || last.warned_at == 0.0) {
        warnings.push_back(fmt::format(
            "warning: {} is nearly singular: condition number {:.3g}, synthesis refuses "
            "{:.0e}; {}",
            s.layer, s.condition, kLargestCondition, kAdvice));
        last.warned_at = s.condition;
      }
    } else if (known && step > last.step && s.condition > kEarliest && !last.predicted) {
      const double slope = (now - last.log_condition) / static_cast<double>(step - last.step);
      const double left = slope > 0.0 ? (std::log(kWorrying) - now) / slope : HUGE_VAL;
      if (left < static_cast<double>(step - last.step)) {
        warnings.push_back(
            fmt::format("warning: {} becomes singular in some {:.0f} steps at this rate: condition "
                        "number {:.3g}, "
                        "{:.3g} at step {}; {}",
                        s.layer, (std::log(kLargestCondition) - now) / slope, s.condition,
                        std::exp(last.log_condition), last.step, kAdvice));
        last.predicted = true;
      }
    }
    last.step = step;
    last.log_condition = now;
  }
  return warnings;
}

}  // namespace glowvox::train

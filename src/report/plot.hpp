// SPDX-License-Identifier: MIT
// What charts and spectrograms share: axes, and what templates/plot.svg draws in them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace glowvox::report {

struct Curve {
  std::string name;
  std::vector<double> x, y;  // equally many; what is not finite interrupts the line
};

struct Axis {
  std::string unit;
  double from = 0.0, to = 1.0;
  bool log = false;
  int most_ticks = 6;

  double place(double value) const;  // 0 to 1
  bool shows(double value) const;  // what is not finite, and on a logarithm not positive, it can't
};

// Spans the curves' x or y.
Axis axis_over(const std::vector<Curve>& curves, std::vector<double> Curve::*what,
               const std::string& unit, bool log = false);

// The values of templates/plot.svg.
nlohmann::json plot_values(const std::vector<Curve>& curves, const Axis& x, const Axis& y);

}  // namespace glowvox::report

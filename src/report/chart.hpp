// SPDX-License-Identifier: MIT
// Line charts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/plot.hpp"

namespace glowvox::report {

struct Chart {
  std::string title, x_label, y_label;
  bool log_y = false;  // values that are not positive interrupt the line
  std::vector<Curve> curves;
};

// What templates/section.html shows of a chart, thinned to what a screen shows; "readings" is what
// its script says of the values under the pointer.
nlohmann::json chart_values(const Chart& chart);

// At most `columns` * 2 points that keep every column's least and largest value, in order.
Curve thinned(const Curve& curve, double from, double to, int columns);

}  // namespace glowvox::report

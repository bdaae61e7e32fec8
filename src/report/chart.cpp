// SPDX-License-Identifier: MIT
#include "report/chart.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace glowvox::report {

namespace {

constexpr int kColumns = 600;

}  // namespace

Curve thinned(const Curve& curve, double from, double to, int columns) {
  if (curve.x.size() <= 2 * static_cast<std::size_t>(columns) || !(to > from)) return curve;
  Curve out{curve.name, {}, {}};
  const auto keep = [&](std::size_t i) {
    out.x.push_back(curve.x[i]);
    out.y.push_back(curve.y[i]);
  };
  const auto column = [&](std::size_t i) {
    return std::floor((curve.x[i] - from) / (to - from) * columns);
  };
  for (std::size_t first = 0; first < curve.x.size();) {
    std::size_t end = first, least = first, most = first;
    for (; end < curve.x.size() && column(end) == column(first); ++end) {
      if (!(curve.y[end] >= curve.y[least])) least = end;  // one that is not finite wins
      if (curve.y[end] > curve.y[most]) most = end;
    }
    keep(std::min(least, most));
    if (least != most) keep(std::max(least, most));
    first = end;
  }
  return out;
}

nlohmann::json chart_values(const Chart& chart) {
  const Axis x = axis_over(chart.curves, &Curve::x, chart.x_label);
  std::vector<Curve> curves;
  for (const Curve& c : chart.curves) curves.push_back(thinned(c, x.from, x.to, kColumns));
  const Axis y = axis_over(curves, &Curve::y, chart.y_label, chart.log_y);
  nlohmann::json values = plot_values(curves, x, y);
  nlohmann::json readings = {{"from", x.from}, {"to", x.to}, {"curves", nlohmann::json::array()}};
  std::string names;
  bool empty = true;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve& c = curves[i];
    empty = empty && values["curves"][i]["line"].get_ref<const std::string&>().empty();
    names += (names.empty() ? "" : ", ") + c.name;
    // JSON has no NaN: what is not finite becomes null.
    readings["curves"].push_back({{"name", c.name}, {"x", c.x}, {"y", c.y}});
  }
  values["title"] = chart.title;
  values["names"] = names;
  values["empty"] = empty;
  values["readings"] = readings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return values;
}

}  // namespace glowvox::report

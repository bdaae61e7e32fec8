// SPDX-License-Identifier: MIT
#include "report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace glowvox::report {

namespace {

constexpr int kColours = 6;    // the page's style has as many
constexpr double kSide = 1e3;  // of the square that plot.svg stretches over the plot

// Multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis powers of ten, and 2 and 5
// times them where there are few.
std::vector<double> ticks(const Axis& axis) {
  std::vector<double> values;
  if (axis.log) {
    const double decades = std::log10(axis.to / axis.from);
    const int every = std::max(1, static_cast<int>(std::ceil(decades / axis.most_ticks)));
    for (int e = static_cast<int>(std::floor(std::log10(axis.from)));
         e <= static_cast<int>(std::ceil(std::log10(axis.to))); e += every)
      for (const double m : {1.0, 2.0, 5.0}) {
        const double value = m * std::pow(10.0, e);
        if ((m == 1.0 || decades < 2.0) && value >= axis.from && value <= axis.to)
          values.push_back(value);
      }
    if (values.size() > 2) return values;
    values.clear();  // too little of a decade: as on a linear one
  }
  const double rough = (axis.to - axis.from) / axis.most_ticks;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10.0 * power;
  for (const double m : {5.0, 2.0, 1.0})
    if (m * power >= rough) step = m * power;
  for (double v = std::ceil(axis.from / step) * step; v <= axis.to + 1e-9 * step; v += step)
    values.push_back(std::fabs(v) < 1e-9 * step ? 0.0 : v);
  return values;
}

std::string label_of(double value) {
  const double size = std::fabs(value);
  if (size >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

// `upwards`: percents are counted from the top.
nlohmann::json tick_values(const Axis& axis, bool upwards) {
  nlohmann::json list = nlohmann::json::array();
  for (const double v : ticks(axis)) {
    const double place = upwards ? 1.0 - axis.place(v) : axis.place(v);
    list.push_back({{"at", fmt::format("{:.2f}", 100.0 * place)}, {"label", label_of(v)}});
  }
  return list;
}

// A value that stands alone is a dot, so that it is seen.
nlohmann::json curve_values(const Curve& curve, const Axis& x, const Axis& y, int colour) {
  std::string line, dots;
  const auto shown = [&](std::size_t i) {
    return i < curve.x.size() && x.shows(curve.x[i]) && y.shows(curve.y[i]);
  };
  bool drawing = false;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (shown(i)) {
      const std::string at = fmt::format("{:.1f} {:.1f}", kSide * x.place(curve.x[i]),
                                         kSide * (1.0 - y.place(curve.y[i])));
      line += (drawing ? "L" : "M") + at;
      if (!drawing && !shown(i + 1)) dots += "M" + at + "h0";
    }
    drawing = shown(i);
  }
  return {{"name", curve.name}, {"colour", colour}, {"line", line}, {"dots", dots}};
}

}  // namespace

double Axis::place(double value) const {
  return log ? std::log(value / from) / std::log(to / from) : (value - from) / (to - from);
}

bool Axis::shows(double value) const { return std::isfinite(value) && (!log || value > 0.0); }

Axis axis_over(const std::vector<Curve>& curves, std::vector<double> Curve::*what,
               const std::string& unit, bool log) {
  Axis axis;
  axis.unit = unit;
  axis.log = log;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const Curve& c : curves)
    for (const double v : c.*what)
      if (axis.shows(v)) {
        least = std::min(least, v);
        most = std::max(most, v);
      }
  if (least > most) least = most = 1.0;  // nothing to show
  axis.from = least;
  axis.to = most;
  if (least == most) {  // a lone value stands in the middle
    const double room = std::max(1e-12, 0.05 * std::fabs(least));
    axis.from = log ? least / 2.0 : least - room;
    axis.to = log ? most * 2.0 : most + room;
  }
  return axis;
}

nlohmann::json plot_values(const std::vector<Curve>& curves, const Axis& x, const Axis& y) {
  nlohmann::json drawn = nlohmann::json::array();
  for (std::size_t i = 0; i < curves.size(); ++i)
    drawn.push_back(curve_values(curves[i], x, y, static_cast<int>(i % kColours)));
  return {{"x_unit", x.unit},
          {"y_unit", y.unit},
          {"x_ticks", tick_values(x, false)},
          {"y_ticks", tick_values(y, true)},
          {"curves", drawn}};
}

}  // namespace glowvox::report

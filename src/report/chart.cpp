// SPDX-License-Identifier: MIT
#include "report/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace glowvox::report {

namespace {

constexpr int kWidth = 640, kHeight = 280;
constexpr int kLeft = 64, kRight = 14, kTop = 12, kBottom = 40;
constexpr int kPlotWidth = kWidth - kLeft - kRight, kPlotHeight = kHeight - kTop - kBottom;
constexpr int kMostTicks = 6;
constexpr int kColours = 6;  // the page's style has as many

struct Axis {
  double from = 0.0, to = 1.0;
  bool log = false;
  double place(double value) const {  // 0 to 1
    return log ? std::log(value / from) / std::log(to / from) : (value - from) / (to - from);
  }
  bool shows(double value) const { return std::isfinite(value) && (!log || value > 0.0); }
};

Axis axis_over(const std::vector<Curve>& curves, std::vector<double> Curve::*what, bool log) {
  Axis axis;
  axis.log = log;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const Curve& c : curves)
    for (const double v : c.*what)
      if (axis.shows(v)) {
        least = std::min(least, v);
        most = std::max(most, v);
      }
  if (least > most) return axis;
  if (least == most) {  // a lone value stands in the middle
    const double room = log ? 0.0 : std::max(1e-12, 0.05 * std::fabs(least));
    axis.from = log ? least / 2.0 : least - room;
    axis.to = log ? most * 2.0 : most + room;
    return axis;
  }
  axis.from = least;
  axis.to = most;
  return axis;
}

// Multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis powers of ten, and 2 and 5
// times them where there are few.
std::vector<double> ticks(const Axis& axis) {
  std::vector<double> values;
  if (axis.log) {
    const double decades = std::log10(axis.to / axis.from);
    const int every = std::max(1, static_cast<int>(std::ceil(decades / kMostTicks)));
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
  const double rough = (axis.to - axis.from) / kMostTicks;
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

double x_of(const Axis& axis, double value) { return kLeft + axis.place(value) * kPlotWidth; }
double y_of(const Axis& axis, double value) {
  return kTop + (1.0 - axis.place(value)) * kPlotHeight;
}

std::string grid(const Chart& chart, const Axis& x, const Axis& y) {
  std::string out;
  for (const double v : ticks(y))
    out += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        kLeft, kWidth - kRight, y_of(y, v), y_of(y, v), kLeft - 8, y_of(y, v) + 4, label_of(v));
  for (const double v : ticks(x))
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", x_of(x, v),
                       kHeight - kBottom + 18, label_of(v));
  out += fmt::format("<text class=\"unit\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                     kLeft + kPlotWidth / 2, kHeight - 4, escape_html(chart.x_label));
  return out + fmt::format(
                   "<text class=\"unit\" transform=\"translate(12 {}) rotate(-90)\" "
                   "text-anchor=\"middle\">{}</text>",
                   kTop + kPlotHeight / 2, escape_html(chart.y_label));
}

// Dots where a value stands alone, so that a single one is seen.
std::string line(const Curve& curve, const Axis& x, const Axis& y, int colour) {
  std::string path, dots;
  bool drawing = false;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (!y.shows(curve.y[i]) || !x.shows(curve.x[i])) {
      drawing = false;
      continue;
    }
    const double px = x_of(x, curve.x[i]), py = y_of(y, curve.y[i]);
    path += fmt::format("{}{:.1f} {:.1f}", drawing ? "L" : "M", px, py);
    const bool ends = i + 1 == curve.x.size() || !y.shows(curve.y[i + 1]);
    if (!drawing && ends)
      dots += fmt::format("<circle class=\"c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", colour, px,
                          py);
    drawing = true;
  }
  return fmt::format("<path class=\"line c{}\" d=\"{}\"/>{}", colour, path, dots);
}

nlohmann::json numbers(const std::vector<double>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const double v : values) {
    if (std::isfinite(v))
      list.push_back(v);
    else
      list.push_back(nullptr);
  }
  return list;
}

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

std::string chart_html(const Chart& chart, const std::string& data_id) {
  const Axis x = axis_over(chart.curves, &Curve::x, false);
  std::vector<Curve> curves;
  for (const Curve& c : chart.curves) curves.push_back(thinned(c, x.from, x.to, kPlotWidth));
  const Axis y = axis_over(curves, &Curve::y, chart.log_y);
  std::string drawing, legend, names;
  nlohmann::json data;
  data["x"] = {x.from, x.to};
  data["plot"] = {static_cast<double>(kLeft) / kWidth, static_cast<double>(kPlotWidth) / kWidth};
  data["curves"] = nlohmann::json::array();
  bool any = false;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const int colour = static_cast<int>(i % kColours);
    drawing += line(curves[i], x, y, colour);
    any = any ||
          std::any_of(curves[i].y.begin(), curves[i].y.end(), [&](double v) { return y.shows(v); });
    legend += fmt::format("<li><i class=\"c{}\"></i>{}</li>", colour, escape_html(curves[i].name));
    names += (names.empty() ? "" : ", ") + curves[i].name;
    data["curves"].push_back(
        {{"name", curves[i].name}, {"x", numbers(curves[i].x)}, {"y", numbers(curves[i].y)}});
  }
  std::string json = data.dump();
  // Nothing in it may end the element that it stands in.
  for (std::size_t at = 0; (at = json.find('<', at)) != std::string::npos;)
    json.replace(at, 1, "\\u003c");
  const std::string inside =
      any ? grid(chart, x, y) + drawing + "<line class=\"cursor\" y1=\"" + std::to_string(kTop) +
                "\" y2=\"" + std::to_string(kHeight - kBottom) + "\" x1=\"-9\" x2=\"-9\"/>"
          : fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">no values yet</text>",
                        kWidth / 2, kHeight / 2);
  return fmt::format(
      "<figure class=\"chart\"><figcaption>{}</figcaption>"
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" tabindex=\"0\" aria-label=\"{}: {}\" "
      "data-chart=\"{}\">{}</svg><ul class=\"legend\">{}</ul><output></output>"
      "<script type=\"application/json\" id=\"{}\">{}</script></figure>\n",
      escape_html(chart.title), kWidth, kHeight, escape_html(chart.title), escape_html(names),
      data_id, inside, legend, data_id, json);
}

}  // namespace glowvox::report

// SPDX-License-Identifier: MIT
// Line charts as SVG.
#pragma once

#include <string>

#include "report/page.hpp"

namespace glowvox::report {

// A figure element: the drawing, its legend and a line for the values under the pointer, whose data
// stands in an element with the id `data_id`.
std::string chart_html(const Chart& chart, const std::string& data_id);

// At most `columns` * 2 points that keep every column's least and largest value, in order.
Curve thinned(const Curve& curve, double from, double to, int columns);

}  // namespace glowvox::report

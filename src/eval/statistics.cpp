// SPDX-License-Identifier: MIT
#include "eval/statistics.hpp"

#include <cmath>
#include <limits>

namespace glowvox::eval {

namespace {
constexpr double kNormal = 1.959963984540054;  // exceeded with probability 0.025
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
}  // namespace

double students_t(int degrees_of_freedom) {
  if (degrees_of_freedom == 1) return 12.706204736432095;
  if (degrees_of_freedom == 2) return 4.302652729696142;
  const double x = kNormal, n = degrees_of_freedom;
  const double x2 = x * x, x3 = x2 * x, x5 = x3 * x2, x7 = x5 * x2, x9 = x7 * x2;
  return x + (x3 + x) / (4.0 * n) + (5.0 * x5 + 16.0 * x3 + 3.0 * x) / (96.0 * n * n) +
         (3.0 * x7 + 19.0 * x5 + 17.0 * x3 - 15.0 * x) / (384.0 * n * n * n) +
         (79.0 * x9 + 776.0 * x7 + 1482.0 * x5 - 1920.0 * x3 - 945.0 * x) /
             (92160.0 * n * n * n * n);
}

Summary summarize(const std::vector<double>& values) {
  double sum = 0.0, squares = 0.0;
  int count = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    sum += v;
    ++count;
  }
  if (count == 0) return {kNaN, kNaN, 0};
  const double mean = sum / count;
  for (const double v : values)
    if (!std::isnan(v)) squares += (v - mean) * (v - mean);
  if (count == 1) return {mean, kNaN, 1};
  return {mean, students_t(count - 1) * std::sqrt(squares / (count - 1) / count), count};
}

}  // namespace glowvox::eval

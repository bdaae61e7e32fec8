// SPDX-License-Identifier: MIT
// A mean, and how far it may be off.
#pragma once

#include <vector>

namespace glowvox::eval {

struct Summary {
  double mean = 0.0;
  double interval = 0.0;  // half the width of the 95% confidence interval; NaN for fewer than two
  int count = 0;
};

// Over the values that are numbers; the interval by Student's t, which takes them for normal.
Summary summarize(const std::vector<double>& values);

// What a Student's t of so many degrees of freedom (1 or more) exceeds with probability 0.025, to
// 0.1%: the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), exact for 1 and 2.
double students_t(int degrees_of_freedom);

}  // namespace glowvox::eval

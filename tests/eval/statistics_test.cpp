// SPDX-License-Identifier: MIT
#include "eval/statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace glowvox::eval;

TEST_CASE("Student's t as the tables have it") {
  // 0.975 quantiles, as any table prints them.
  const std::pair<int, double> table[] = {{1, 12.706}, {2, 4.303},  {3, 3.182},  {4, 2.776},
                                          {5, 2.571},  {10, 2.228}, {15, 2.131}, {27, 2.052},
                                          {60, 2.000}, {120, 1.980}};
  for (const auto& [degrees, value] : table) {
    CAPTURE(degrees);
    CHECK(students_t(degrees) == doctest::Approx(value).epsilon(1e-3));
  }
}

TEST_CASE("means and intervals") {
  const double nan = std::nan("");
  const Summary s = summarize({1.0, nan, 2.0, 3.0, 4.0});
  CHECK(s.count == 4);
  CHECK(s.mean == doctest::Approx(2.5));
  // Standard deviation 1.29099, of the mean half of that, times 3.182.
  CHECK(s.interval == doctest::Approx(2.054).epsilon(1e-3));
  CHECK(summarize({5.0}).mean == 5.0);
  CHECK(std::isnan(summarize({5.0}).interval));
  CHECK(std::isnan(summarize({nan}).mean));
  CHECK(summarize({2.0, 2.0}).interval == 0.0);
}

// SPDX-License-Identifier: MIT
#include "eval/difference.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace glowvox::eval;

TEST_CASE("differences and ratios of known signals") {
  const std::vector<float> reference = {1.0F, -1.0F, 0.5F, 0.5F};
  CHECK(largest_difference(reference, {1.0F, -1.25F, 0.5F, 0.5F}) == 0.25);
  // A reference beyond full scale is measured by its peak.
  CHECK(largest_difference({4.0F, 0.0F}, {3.0F, 0.0F}) == 0.25);
  CHECK(std::isnan(largest_difference(reference, {1.0F})));
  CHECK(std::isinf(largest_difference({1.0F}, {std::numeric_limits<float>::quiet_NaN()})));
  // Power 2.5, error 0.025: a factor of 100.
  const auto off = static_cast<float>(std::sqrt(0.025));
  CHECK(snr_db(reference, {1.0F + off, -1.0F, 0.5F, 0.5F}) == doctest::Approx(20.0).epsilon(1e-5));
  CHECK(snr_db(reference, reference) > 200.0);
  CHECK(std::isnan(snr_db(reference, {1.0F})));
}

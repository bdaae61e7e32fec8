// SPDX-License-Identifier: MIT
#include "train/guard.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace glowvox;
using train::Verdict;

namespace {

// Steps like those of a real run: 5.9 give or take 0.2 nats, gradient norms of 0.05 to 0.1.
void feed(train::Guard& guard, int steps) {
  for (int i = 0; i < steps; ++i)
    CHECK(guard.judge(5.9 + 0.2 * std::sin(i * 1.7), 0.07 + 0.03 * std::sin(i * 2.3)) ==
          Verdict::kGood);
}

}  // namespace

TEST_CASE("what is not finite is skipped from the first step on") {
  train::Guard guard(12.0);
  CHECK(guard.judge(std::nan(""), 1.0) == Verdict::kNotFinite);
  CHECK(guard.judge(1.0, std::numeric_limits<double>::infinity()) == Verdict::kNotFinite);
  CHECK(guard.seen().empty());
}

TEST_CASE("a likelihood far below, a gradient far above their recent range are outliers") {
  train::Guard guard(12.0);
  CHECK(guard.judge(-1000.0, 1e6) == Verdict::kGood);  // nothing to compare with
  feed(guard, 2 * train::Guard::kWindow);
  CHECK(guard.seen().size() == train::Guard::kWindow);
  CHECK(guard.judge(2.0, 0.07) == Verdict::kLikelihood);
  CHECK(guard.judge(5.9, 50.0) == Verdict::kGradient);
  CHECK(guard.judge(9.0, 1e-6) == Verdict::kGood);  // better than usual is no reason
  CHECK(guard.judge(5.2, 0.15) == Verdict::kGood);  // worse than any before, but not far
}

TEST_CASE("an outlier does not become the range that it is judged by") {
  train::Guard guard(12.0);
  feed(guard, train::Guard::kWindow);
  for (int i = 0; i < 100; ++i) CHECK(guard.judge(5.9, 50.0) == Verdict::kGradient);
}

TEST_CASE("without deviations only what is not finite is skipped") {
  train::Guard guard(0.0);
  feed(guard, train::Guard::kWindow);
  CHECK(guard.judge(-1e9, 1e9) == Verdict::kGood);
}

TEST_CASE("a restored guard judges as the one that was stored") {
  train::Guard guard(12.0), other(12.0);
  feed(guard, 50);
  other.restore(guard.seen());
  CHECK(other.judge(2.0, 0.07) == Verdict::kLikelihood);
}

// SPDX-License-Identifier: MIT
#include "dsp/mdct.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/random.hpp"
#include "temporary.hpp"

using namespace glowvox;

namespace {

constexpr double kPi = 3.141592653589793;

std::vector<float> noise(std::int64_t samples) {
  std::vector<float> x(static_cast<std::size_t>(samples));
  fill_normal(3, 0, 0, 0, samples, x.data());
  return x;
}

// The textbook definition, summed directly: frame t covers samples [tN - N/2, (t+1)N + N/2).
double definition(const std::vector<float>& x, int size, int frame, int k) {
  double sum = 0.0;
  for (int n = 0; n < 2 * size; ++n) {
    const double window = std::sin(kPi * (n + 0.5) / (2.0 * size));
    const double sample = x[static_cast<std::size_t>(frame * size - size / 2 + n)];
    sum += window * sample * std::cos(kPi / size * (n + 0.5 + size / 2.0) * (k + 0.5));
  }
  return std::sqrt(2.0 / size) * sum;
}

double energy(const std::vector<float>& x) {
  double sum = 0.0;
  for (const float v : x) sum += double{v} * v;
  return sum;
}

}  // namespace

TEST_CASE("the lapped transform is orthonormal and invertible at every size") {
  for (const int size : {2, 6, 8, 128, 256, 1000}) {
    for (const int blocks : {1, 2, 5}) {
      CAPTURE(size);
      CAPTURE(blocks);
      const dsp::Mdct mdct(size);
      const std::vector<float> x = noise(std::int64_t{size} * blocks);
      const std::vector<float> y = mdct.forward(x.data(), blocks);
      REQUIRE(y.size() == x.size());
      CHECK(std::abs(energy(y) / energy(x) - 1.0) < 1e-5);
      const std::vector<float> back = mdct.inverse(y.data(), blocks);
      REQUIRE(back.size() == x.size());
      float worst = 0.0F;
      for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(back[i] - x[i]));
      CHECK(worst < 1e-5F);
    }
  }
}

TEST_CASE("interior frames equal the textbook MDCT, sign included") {
  for (const int size : {2, 6, 8, 128, 256, 1000}) {
    CAPTURE(size);
    const std::vector<float> x = noise(std::int64_t{size} * 4);
    const std::vector<float> y = dsp::Mdct(size).forward(x.data(), 4);
    double worst = 0.0;
    for (int frame = 1; frame <= 2; ++frame)
      for (int k = 0; k<size; k += size> 200 ? 7 : 1)
        worst = std::max(worst, std::abs(y[static_cast<std::size_t>(frame * size + k)] -
                                         definition(x, size, frame, k)));
    CHECK(worst < 2e-5);
  }
}

TEST_CASE("the ends are not rotated: a lone block is a DCT-IV") {
  const int size = 6;
  const std::vector<float> x = noise(size);
  const std::vector<float> y = dsp::Mdct(size).forward(x.data(), 1);
  for (int k = 0; k < size; ++k) {
    double sum = 0.0;
    for (int n = 0; n < size; ++n)
      sum -= double{x[static_cast<std::size_t>(size - 1 - n)]} *
             std::cos(kPi / size * (n + 0.5) * (k + 0.5));
    CHECK(y[static_cast<std::size_t>(k)] ==
          doctest::Approx(sum * std::sqrt(2.0 / size)).epsilon(1e-5));
  }
  CHECK(dsp::Mdct(size).forward(nullptr, 0).empty());
}

TEST_CASE("odd and non-positive sizes are refused") {
  for (const int size : {-2, 0, 1, 7}) {
    CAPTURE(size);
    CHECK(test::contains(test::error_of([&] { dsp::Mdct mdct(size); }), "even number"));
  }
}

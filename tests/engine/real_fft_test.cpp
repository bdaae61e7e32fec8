// SPDX-License-Identifier: MIT
// The engine's transform against the one of dsp in double precision, which has tests of its own.
#include "engine/real_fft.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/random.hpp"

using namespace glowvox;

TEST_CASE("the engine's Fourier transform: that of double precision, and back") {
  // Powers of two with a last step of two values and of four, and what dsp transforms.
  for (const int size : {12, 32, 64, 128, 200, 256, 512, 1024, 2048, 4096}) {
    CAPTURE(size);
    engine::RealFft fft(size);
    dsp::RealFft exact(size);
    REQUIRE(fft.bins() == exact.bins());
    std::vector<double> x(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = 2.0 * uniform_at(5, 1, i) - 1.0;
      fft.time()[i] = static_cast<float>(x[i]);
      exact.time()[i] = x[i];
    }
    fft.forward();
    exact.forward();
    double most = 0.0, difference = 0.0;
    for (int k = 0; k < fft.bins(); ++k) {
      most = std::max(most, std::abs(exact.spectrum()[k]));
      difference = std::max(
          difference, std::abs(std::complex<double>(fft.spectrum()[k]) - exact.spectrum()[k]));
    }
    CHECK(difference < 1e-6 * most);
    fft.inverse();
    double lost = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
      lost = std::max(lost, std::fabs(fft.time()[i] / size - x[i]));
    CHECK(lost < 1e-6);
  }
}

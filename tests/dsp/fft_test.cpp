// SPDX-License-Identifier: MIT
// Transforms against their definitions, summed in double precision.
#include "dsp/fft.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace glowvox::dsp;

namespace {

constexpr double kPi = 3.141592653589793238463;

// Some signal without a structure that a transform could hide a mistake in.
double sample(int n) { return std::sin(0.37 * n * n + 0.1 * n) + 0.25 * std::cos(1.7 * n); }

std::complex<double> definition(int size, int bin) {
  std::complex<double> sum = 0.0;
  for (int n = 0; n < size; ++n)
    sum += sample(n) * std::polar(1.0, -2.0 * kPi * ((std::int64_t{bin} * n) % size) / size);
  return sum;
}

// rounding: of Real, allowed for each root of the size.
template <typename Real>
void check_real_transform(int size, double rounding) {
  CAPTURE(size);
  BasicRealFft<Real> fft(size);
  for (int n = 0; n < size; ++n) fft.time()[n] = static_cast<Real>(sample(n));
  fft.forward();
  const double most = rounding * std::sqrt(static_cast<double>(size));
  for (int k = 0; k < fft.bins(); ++k)
    REQUIRE(std::abs(std::complex<double>(fft.spectrum()[k]) - definition(size, k)) < most);
  fft.inverse();
  for (int n = 0; n < size; ++n) REQUIRE(std::abs(fft.time()[n] / size - sample(n)) < rounding);
}

}  // namespace

TEST_CASE("Fourier transform: forward is its definition, inverse gives the signal back") {
  for (const int size : {2, 12, 30, 64, 200, 600, 1024, 2048}) {
    check_real_transform<double>(size, 1e-13 * std::max(1, size / 64));
    check_real_transform<float>(size, 3e-6);
  }
}

TEST_CASE("DCT-IV: its definition, and its own inverse") {
  for (const int size : {2, 6, 8, 20, 256, 600}) {
    CAPTURE(size);
    DctIv dct(size);
    for (int n = 0; n < size; ++n) dct.data()[n] = static_cast<float>(sample(n));
    dct.transform();
    for (int k = 0; k < size; ++k) {
      double sum = 0.0;
      for (int n = 0; n < size; ++n)
        sum += 2.0 * sample(n) * std::cos(kPi * (n + 0.5) * (k + 0.5) / size);
      REQUIRE(std::abs(dct.data()[k] - sum) < 1e-5 * std::sqrt(static_cast<double>(size)));
    }
    dct.transform();
    for (int n = 0; n < size; ++n)
      REQUIRE(std::abs(dct.data()[n] / (2.0F * size) - sample(n)) < 1e-5);
  }
}

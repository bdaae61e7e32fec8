// SPDX-License-Identifier: MIT
// What a correction does to a frame, against the formulas in double precision.
#include "engine/correction_kernels.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/random.hpp"

using namespace glowvox;

namespace {

constexpr std::size_t kBins = 37, kBands = 11;  // no multiples of any vector

// From low to high.
std::vector<float> drawn(std::size_t count, std::uint64_t seed, double low, double high) {
  std::vector<float> x(count);
  for (std::size_t i = 0; i < count; ++i)
    x[i] = static_cast<float>(low + (high - low) * uniform_at(seed, 2, i));
  return x;
}

std::vector<std::complex<float>> drawn_spectrum() {
  const std::vector<float> re = drawn(kBins, 1, -3.0, 3.0), im = drawn(kBins, 2, -3.0, 3.0);
  std::vector<std::complex<float>> spectrum;
  for (std::size_t k = 0; k < kBins; ++k) spectrum.emplace_back(re[k], im[k]);
  return spectrum;
}

}  // namespace

TEST_CASE("magnitudes and powers of a spectrum") {
  const auto spectrum = drawn_spectrum();
  for (const bool root : {false, true}) {
    std::vector<float> out(kBins);
    engine::magnitudes(spectrum.data(), kBins, 0.25F, root, out.data());
    for (std::size_t k = 0; k < kBins; ++k) {
      const double power = std::norm(std::complex<double>(spectrum[k])) + 0.25;
      CHECK(out[k] == doctest::Approx(root ? std::sqrt(power) : power).epsilon(1e-6));
    }
  }
}

TEST_CASE("a band's gain is what its logarithm lacks, within bounds") {
  engine::BandFilters filters;
  for (std::size_t b = 0; b < kBands; ++b) {
    filters.bands.push_back({static_cast<int>(b), filters.weights.size(), 2 * b});
    for (const float w : drawn(2 * b, 10 + b, 0.0, 1.0)) filters.weights.push_back(w);
  }
  const std::vector<float> magnitudes = drawn(kBins, 3, 0.0, 5.0);
  const std::vector<float> target = drawn(kBands, 4, -2.0, 3.0);
  for (const bool is_added : {false, true}) {
    const engine::GainRule rule{{0.5F, is_added}, 0.5F, 1.3F, 1.0F, 0.1F};
    std::vector<float> out(kBands);
    engine::band_gains(filters, magnitudes.data(), target.data(), rule, out.data());
    bool bounded = false, free = false;
    for (std::size_t b = 0; b < kBands; ++b) {
      double sum = 0.0;
      const engine::BandFilters::Band& band = filters.bands[b];
      for (std::size_t i = 0; i < band.values; ++i)
        sum += static_cast<double>(filters.weights[band.at + i]) *
               magnitudes[static_cast<std::size_t>(band.first) + i];
      const double gain =
          1.3 * (target[b] + 0.1 - 0.5 * std::log(is_added ? sum + 0.5 : std::max(sum, 0.5)));
      CHECK(std::fabs(out[b] - std::clamp(gain, -1.0, 1.0)) < 1e-5);
      bounded = bounded || std::fabs(gain) > 1.0;
      free = free || std::fabs(gain) < 1.0;
    }
    CHECK((bounded && free));
  }
}

TEST_CASE("bins have gains between those of two bands") {
  const auto before = drawn_spectrum();
  std::size_t bands = kBands;
  SUBCASE("many to a band") {}
  SUBCASE("fewer than bands") { bands = 5 * kBins; }
  const std::vector<float> gains = drawn(bands + engine::kSpareGains, 5, -2.0, 2.0),
                           share = drawn(kBins, 6, 0.0, 1.0);
  std::vector<int> lower;
  for (std::size_t k = 0; k < kBins; ++k) lower.push_back(static_cast<int>(k * bands / kBins));
  auto after = before;
  engine::apply_gains(gains.data(), lower.data(), share.data(), kBins, after.data());
  for (std::size_t k = 0; k < kBins; ++k) {
    const auto low = static_cast<std::size_t>(lower[k]);
    const double gain =
        std::exp(gains[low] + share[k] * (static_cast<double>(gains[low + 1]) - gains[low]));
    CHECK(std::abs(std::complex<double>(after[k]) - std::complex<double>(before[k]) * gain) < 1e-5);
  }
}

TEST_CASE("a frame's change is added to its part and to the sum") {
  const std::vector<float> x = drawn(kBins, 7, -1.0, 1.0), window = drawn(kBins, 8, 0.0, 1.0);
  std::vector<float> made(kBins);
  engine::apply_window(x.data(), window.data(), kBins, made.data());
  for (std::size_t i = 0; i < kBins; ++i) CHECK(made[i] == x[i] * window[i]);
  const std::vector<float> part = drawn(kBins, 9, -1.0, 1.0), change = drawn(kBins, 10, -1.0, 1.0),
                           sum = drawn(kBins, 11, -1.0, 1.0);
  const std::vector<float> sound = drawn(kBins, 12, -1.0, 1.0), share = drawn(kBins, 13, 0.0, 1.0);
  std::vector<float> new_part = part, new_change = change, new_sum = sum;
  engine::take_change(
      made.data(), window.data(), 0.5F, kBins,
      {sound.data(), share.data(), new_part.data(), new_change.data(), new_sum.data()});
  for (std::size_t i = 0; i < kBins; ++i) {
    const double expected = static_cast<double>(made[i]) * window[i] -
                            static_cast<double>(sound[i]) * share[i] - part[i] + 0.5 * change[i];
    CHECK(std::fabs(new_change[i] - expected) < 1e-6);
    CHECK(std::fabs(new_part[i] - (part[i] + expected)) < 1e-6);
    CHECK(std::fabs(new_sum[i] - (sum[i] + expected)) < 1e-6);
  }
}

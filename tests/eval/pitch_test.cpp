// SPDX-License-Identifier: MIT
// Pitch and periodicity of signals whose autocorrelation is known.
#include "eval/pitch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>

#include "core/random.hpp"
#include "eval/envelope.hpp"

using namespace glowvox;
using namespace glowvox::eval;

namespace {

constexpr int kRate = 22050;
constexpr double kTwoPi = 6.283185307179586;

// Ten equal harmonics, of power 1 altogether, and white noise of this power.
std::vector<float> voice(double f0, double noise_power, std::size_t count = kRate) {
  std::vector<float> x(count);
  fill_normal(3, 0, 0, 0, static_cast<std::int64_t>(count), x.data());
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0.0;
    for (int h = 1; h <= 10; ++h)
      sum += std::sqrt(0.2) * std::cos(kTwoPi * h * f0 * static_cast<double>(i) / kRate + h * h);
    x[i] = static_cast<float>(sum + std::sqrt(noise_power) * x[i]);
  }
  return x;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double share(const std::vector<bool>& values) {
  return static_cast<double>(std::count(values.begin(), values.end(), true)) /
         static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("the fundamental of harmonic sounds, from a low voice to a child's") {
  for (const double f0 : {75.3, 110.0, 200.0, 317.7, 440.0}) {
    CAPTURE(f0);
    const PitchTrack track = track_pitch(voice(f0, 0.0), kRate);
    CHECK(track.f0_hz.size() == (kRate - 1536) / 256 + 1);
    CHECK(share(track.voiced) == 1.0);
    // Multiples of a period are as good; a whole number of samples is not.
    for (std::size_t t = 0; t < track.f0_hz.size(); ++t) {
      const double periods = f0 / track.f0_hz[t];
      CHECK(std::fabs(periods - std::round(periods)) < 0.01);
      CHECK(track.periodicity[t] > 0.97);
    }
  }
}

// Noise adds its power to lag 0 and nothing to a period's (Boersma 1993, equation 4: the peak is
// the share of the power that is periodic).
TEST_CASE("periodicity is the share of the power that is periodic") {
  for (const double noise : {0.1, 0.25, 0.6}) {
    CAPTURE(noise);
    const PitchTrack track = track_pitch(voice(200.0, noise), kRate);
    CHECK(share(track.voiced) == 1.0);
    CHECK(mean(track.periodicity) == doctest::Approx(1.0 / (1.0 + noise)).epsilon(0.04));
  }
}

TEST_CASE("noise, silence and what is too quiet are not voiced") {
  std::vector<float> noise(kRate);
  fill_normal(9, 0, 0, 0, kRate, noise.data());
  CHECK(share(track_pitch(noise, kRate).voiced) == 0.0);
  std::vector<float> quiet = voice(200.0, 0.0);
  for (float& v : quiet) v *= 0.9e-3F;
  CHECK(share(track_pitch(quiet, kRate).voiced) == 0.0);
  for (float& v : quiet) v *= 1.3F;
  CHECK(share(track_pitch(quiet, kRate).voiced) == 1.0);
  CHECK(share(track_pitch(std::vector<float>(kRate, 0.3F), kRate).voiced) == 0.0);
  CHECK(track_pitch(std::vector<float>(100), kRate).voiced.empty());
}

// A band of Gaussian noise: Rayleigh's distribution. A sum of equal harmonics in phase: one burst a
// period, |sin(pi n t f) / sin(pi t f)| with n harmonics in the band.
TEST_CASE("envelopes: noise varies as Rayleigh says, pulses more, one tone not at all") {
  const std::vector<bool> all((kRate - 1536) / 256 + 1, true);
  std::vector<float> noise(kRate), tone(kRate), pulses(kRate), apart(kRate);
  fill_normal(9, 0, 0, 0, kRate, noise.data());
  const double f0 = 200.0;
  double sum = 0.0, squares = 0.0;  // of one period's envelope: harmonics 13 to 35 lie in the band
  for (int i = 0; i < 1000; ++i) {
    std::complex<double> z = 0.0;
    for (int h = 13; h <= 35; ++h) z += std::polar(1.0, kTwoPi * h * i / 1000.0);
    sum += std::abs(z) / 1000.0;
    squares += std::norm(z) / 1000.0;
  }
  const double expected = std::sqrt(squares - sum * sum) / sum;
  for (std::size_t i = 0; i < tone.size(); ++i) {
    const double s = static_cast<double>(i) / kRate;
    tone[i] = static_cast<float>(std::sin(kTwoPi * 5000.0 * s));
    for (int h = 1; h <= 40; ++h) {
      pulses[i] += static_cast<float>(0.05 * std::cos(kTwoPi * h * f0 * s));
      apart[i] += static_cast<float>(0.05 * std::cos(kTwoPi * h * f0 * s + h * h));
    }
  }
  CHECK(envelope_variation(noise, kRate, all) == doctest::Approx(0.5227).epsilon(0.02));
  CHECK(envelope_variation(tone, kRate, all) < 0.02);
  CHECK(envelope_variation(pulses, kRate, all) == doctest::Approx(expected).epsilon(0.05));
  CHECK(envelope_variation(apart, kRate, all) < 0.6 * expected);
  CHECK(std::isnan(envelope_variation(noise, kRate, {})));
}

TEST_CASE("errors of a track, counted by hand") {
  const PitchTrack reference{{100, 100, 100, 100, 0, 0},
                             {0.9, 0.9, 0.9, 0.9, 0.0, 0.0},
                             {true, true, true, true, false, false}};
  // 20 and -20 cents, an octave (gross), voicing lost, voicing gained, agreed silence.
  const PitchTrack signal{
      {100.0 * std::exp2(20.0 / 1200.0), 100.0 * std::exp2(-20.0 / 1200.0), 200, 0, 150, 0},
      {0.8, 0.9, 0.9, 0.0, 0.6, 0.0},
      {true, true, true, false, true, false}};
  const PitchErrors errors = compare(reference, signal);
  CHECK(errors.cents == doctest::Approx(20.0));
  CHECK(errors.gross == doctest::Approx(1.0 / 3.0));
  CHECK(errors.voicing_f1 == doctest::Approx(0.75));  // precision and recall 3 / 4
  CHECK(errors.periodicity == doctest::Approx(std::sqrt((0.01 + 0.81 + 0.36) / 6.0)));
  const PitchErrors none = compare(reference, {});
  CHECK(std::isnan(none.cents));
  CHECK(std::isnan(none.gross));
  CHECK(std::isnan(none.voicing_f1));
  CHECK(std::isnan(none.periodicity));
  // Just over a semitone is gross, just under is not.
  for (const double cents : {99.0, 101.0}) {
    const PitchTrack off{{100.0 * std::exp2(cents / 1200.0)}, {0.9}, {true}};
    CHECK(compare({{100}, {0.9}, {true}}, off).gross == (cents > 100.0 ? 1.0 : 0.0));
  }
}

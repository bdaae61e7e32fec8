// SPDX-License-Identifier: MIT
#include "eval/stoi.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "temporary.hpp"

using namespace glowvox;
using eval::stoi;

namespace {

constexpr double kTwoPi = 6.283185307179586;

// Thirty harmonics of a gliding pitch, switched and swelling like syllables: 3 s at 10 kHz.
std::vector<float> syllables() {
  std::vector<float> x(30000);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double s = static_cast<double>(i) / 10000.0;
    const double swell = 0.55 + 0.45 * std::sin(kTwoPi * 3.0 * s);
    const double level = std::sin(kTwoPi * 0.7 * s) > -0.6 ? swell : 0.0;
    double sum = 0.0;
    for (int h = 1; h <= 30; ++h)
      sum += std::sin(kTwoPi * h * (130.0 * s + 0.3 * std::sin(kTwoPi * 1.1 * s)) + h * h) / h;
    x[i] = static_cast<float>(0.2 * level * sum);
  }
  return x;
}

// Uniform noise of a linear congruential generator (Numerical Recipes' constants), seed 12345.
std::vector<float> with_noise(std::vector<float> x, double level) {
  std::uint32_t state = 12345;
  for (float& v : x) {
    state = state * 1664525u + 1013904223u;
    v = static_cast<float>(v + level * (state / 2147483648.0 - 1.0));
  }
  return x;
}

std::vector<float> speech() {
  return audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
}

}  // namespace

TEST_CASE("a signal is wholly intelligible against itself, at any level") {
  std::vector<float> x = speech();
  CHECK(stoi(x, x, 22050) == doctest::Approx(1.0).epsilon(1e-6));
  std::vector<float> quiet(x);
  for (float& v : quiet) v *= 0.1F;
  CHECK(stoi(x, quiet, 22050) == doctest::Approx(1.0).epsilon(1e-4));
  quiet.resize(quiet.size() + 5000, 0.5F);
  CHECK(stoi(x, quiet, 22050) == doctest::Approx(1.0).epsilon(1e-4));
}

// Expected values: a NumPy transcription of the paper in double precision, frames by
// numpy.hanning(258)[1:-1], fed the same formulas; speech resampled by scipy.signal.resample_poly
// (Kaiser window, beta 14), hence the wider tolerance.
TEST_CASE("degraded signals score what an independent implementation says") {
  const std::vector<float> x = syllables();
  CHECK(std::abs(stoi(x, with_noise(x, 0.1), 10000) - 0.7771372590) < 1e-4);
  CHECK(std::abs(stoi(x, with_noise(x, 0.5), 10000) - 0.2699768141) < 1e-4);
  std::vector<float> clipped(x);
  for (float& v : clipped) v = std::clamp(v, -0.05F, 0.05F);
  CHECK(std::abs(stoi(x, clipped, 10000) - 0.6457733225) < 1e-4);

  const std::vector<float> words = speech();
  std::vector<float> echo(words);
  for (std::size_t i = 300; i < echo.size(); ++i) echo[i] += 0.8F * words[i - 300];
  CHECK(std::abs(stoi(words, echo, 22050) - 0.8650052538) < 2e-3);
  CHECK(std::abs(stoi(words, with_noise(words, 0.1), 22050) - 0.8513683877) < 2e-3);
}

TEST_CASE("too little sound is an error") {
  const std::vector<float> x = speech();
  const std::vector<float> brief(x.begin() + 10000, x.begin() + 14000);
  CHECK(test::contains(test::error_of([&] { stoi(brief, brief, 22050); }), "need at least 30"));
  CHECK(test::contains(test::error_of([&] { stoi({}, x, 22050); }), "only 0 frames"));
}

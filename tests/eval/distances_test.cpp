// SPDX-License-Identifier: MIT
// Expected values by hand, from signals whose spectra and levels are known.
#include "eval/distances.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/random.hpp"

using namespace glowvox;
using namespace glowvox::eval;

namespace {

constexpr double kPi = 3.14159265358979323846;

std::vector<float> white(std::size_t count, double deviation, std::uint64_t seed = 1) {
  std::vector<float> x(count);
  fill_normal(seed, 0, 0, 0, static_cast<std::int64_t>(count), x.data());
  for (float& v : x) v = static_cast<float>(v * deviation);
  return x;
}

std::vector<float> times(std::vector<float> x, float gain) {
  for (float& v : x) v *= gain;
  return x;
}

// 20 frames of 80 bands that differ from nothing by amplitude * cos(pi d (b + 1/2) / 80).
Mel cosine(double amplitude, int d) {
  Mel mel{20, 80, {}};
  for (int t = 0; t < 20; ++t)
    for (int b = 0; b < 80; ++b)
      mel.values.push_back(static_cast<float>(amplitude * std::cos(kPi * d * (b + 0.5) / 80.0)));
  return mel;
}

}  // namespace

TEST_CASE("mel error: the mean absolute difference of the frames that both have") {
  const Mel zero{3, 2, std::vector<float>(6, 0.0F)};
  const Mel other{2, 2, {0.5F, -0.5F, 1.0F, 0.0F}};
  CHECK(mel_error(zero, other) == doctest::Approx(0.5));
  CHECK(mel_error(zero, zero) == 0.0);
  CHECK(std::isnan(mel_error(zero, {0, 2, {}})));
}

TEST_CASE("mel-cepstral distortion: one cosine's, which is its root mean square in dB") {
  // 0.1 cos in the logarithm of amplitudes: 20 / ln 10 * 0.1 / sqrt 2 dB, for each of the thirteen.
  const double expected = 20.0 / std::log(10.0) * 0.1 / std::sqrt(2.0);
  for (const int d : {1, 2, 7, 13})
    CHECK(mel_cepstral_distortion(cosine(0.0, 1), cosine(0.1, d)) == doctest::Approx(expected));
  // Level and what is finer do not count.
  CHECK(mel_cepstral_distortion(cosine(0.0, 1), cosine(0.1, 14)) < 1e-6);
  CHECK(mel_cepstral_distortion(cosine(0.0, 1), cosine(0.1, 0)) < 1e-6);
  // Two cosines: squares add up.
  Mel both = cosine(0.1, 3);
  const Mel other = cosine(0.2, 5);
  for (std::size_t i = 0; i < both.values.size(); ++i) both.values[i] += other.values[i];
  CHECK(mel_cepstral_distortion(cosine(0.0, 1), both) ==
        doctest::Approx(expected * std::sqrt(5.0)));
}

TEST_CASE("STFT distance: a gain's is known at every resolution") {
  const std::vector<float> x = white(22050, 0.1);
  CHECK(stft_distance(x, x) == 0.0);
  for (const float g : {0.5F, 0.9F, 2.0F})
    CHECK(stft_distance(x, times(x, g)) ==
          doctest::Approx(std::fabs(1.0 - g) + std::fabs(std::log(g))).epsilon(1e-4));
  // The longer is cut.
  std::vector<float> longer = x;
  longer.resize(x.size() + 999, 1.0F);
  CHECK(stft_distance(x, longer) == 0.0);
  // What is below the floor is the floor.
  CHECK(stft_distance(white(22050, 1e-9), white(22050, 1e-9, 2)) == 0.0);
  CHECK(std::isnan(stft_distance({}, x)));
}

TEST_CASE("level: 20 log10 of the gain") {
  const std::vector<float> x = white(1000, 0.1);
  CHECK(level_db(x, times(x, 0.5F)) == doctest::Approx(-6.0206).epsilon(1e-4));
  CHECK(level_db(x, times(x, 10.0F)) == doctest::Approx(20.0));
  CHECK(std::isinf(level_db(x, times(x, 0.0F))));
}

TEST_CASE("level above 8 kHz: what lies below does not count") {
  const int rate = 22050;
  const auto tones = [&](double low, double high) {
    std::vector<float> x;
    for (int i = 0; i < rate; ++i)
      x.push_back(static_cast<float>(low * std::sin(2.0 * kPi * 3000.0 * i / rate) +
                                     high * std::sin(2.0 * kPi * 9500.0 * i / rate)));
    return x;
  };
  CHECK(highs_db(tones(0.3, 0.1), tones(0.3, 0.05), rate) == doctest::Approx(-6.02).epsilon(0.01));
  CHECK(highs_db(tones(0.3, 0.1), tones(0.1, 0.1), rate) == doctest::Approx(0.0).scale(1.0));
  CHECK(std::isnan(highs_db(std::vector<float>(4000), std::vector<float>(4000), rate)));
}

TEST_CASE("loudest frame: a burst stands out by what it adds to its frame") {
  const std::vector<float> x = white(20 * 1024, 0.1);
  std::vector<float> y = x;
  CHECK(loudest_frame_db(x, y) == 0.0);
  for (std::size_t i = 5000; i < 9000; ++i) y[i] *= 4.0F;
  CHECK(loudest_frame_db(x, y) == doctest::Approx(12.0412).epsilon(1e-3));
  // Silence that is not quite silent is not this measure's concern, a click in it is.
  std::vector<float> half = x;
  for (std::size_t i = half.size() / 2; i < half.size(); ++i) half[i] = 0.0F;
  std::vector<float> hiss = half, click = half;
  for (std::size_t i = half.size() / 2 + 2048; i < half.size(); ++i) hiss[i] = x[i] * 0.005F;
  CHECK(loudest_frame_db(half, hiss) == 0.0);
  click[half.size() / 2 + 5120] = 0.8F;
  CHECK(loudest_frame_db(half, click) > 12.0);
  CHECK(std::isnan(loudest_frame_db({0.1F}, {0.1F})));
}

TEST_CASE("the spectrum of silence: a hum is found at its frequency, as loud as it is") {
  // A second of speech level, a second 60 dB below.
  std::vector<float> x = white(2 * 22016, 0.1);
  for (std::size_t i = 22016; i < x.size(); ++i) x[i] *= 0.001F;
  SilenceSpectrum same;
  same.add(x, x);
  CHECK(same.frames() > 70);
  CHECK(same.worst().db == 0.0);
  // A tone at bin 100 of 1,024 with amplitude a has |X|^2 = (a sum(w) / 2)^2 = (256 a)^2 there, the
  // noise sum(w^2) sigma^2 = 384e-8: 20 dB more for a^2 = 99 * 384e-8 / 256^2.
  const double a = std::sqrt(99.0 * 384e-8 / 65536.0);
  std::vector<float> hum = x;
  for (std::size_t i = 0; i < hum.size(); ++i)
    hum[i] += static_cast<float>(a * std::sin(2.0 * kPi * 100.0 * static_cast<double>(i) / 1024.0));
  SilenceSpectrum spectrum;
  spectrum.add(x, hum);
  CHECK(spectrum.worst().db == doctest::Approx(20.0).epsilon(0.03));
  CHECK(spectrum.worst().frequency == doctest::Approx(100.0 / 1024.0));
  // Pooled with a recording that has none of it, half the power is left.
  spectrum.add(x, x);
  CHECK(spectrum.worst().db == doctest::Approx(17.0).epsilon(0.03));
  SilenceSpectrum loud;
  loud.add(white(22050, 0.1), white(22050, 0.1));
  CHECK(loud.frames() == 0);
  CHECK(std::isnan(loud.worst().db));
}

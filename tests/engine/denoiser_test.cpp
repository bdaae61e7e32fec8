// SPDX-License-Identifier: MIT
#include "engine/denoiser.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>

#include "engine/signals.hpp"
#include "glowvox/vocoder.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

namespace {

constexpr double kTwoPi = 6.283185307179586;

std::vector<float> denoised(const std::vector<double>& bias, int n_fft, int hop, double strength,
                            const std::vector<float>& x, std::size_t piece) {
  engine::Denoiser denoiser(bias, n_fft, hop, strength);
  std::vector<float> out;
  for (std::size_t at = 0; at < x.size(); at += piece)
    denoiser.push(x.data() + at, std::min(piece, x.size() - at), &out);
  denoiser.finish(&out);
  return out;
}

std::vector<float> noise(std::size_t count) {
  std::vector<float> x(count);
  fill_normal(5, 0, 0, 0, static_cast<std::int64_t>(count), x.data());
  for (float& v : x) v *= 0.1F;
  return x;
}

std::vector<float> sine(std::size_t count, double cycles_per_sample, double amplitude) {
  std::vector<float> x(count);
  for (std::size_t i = 0; i < count; ++i)
    x[i] = static_cast<float>(amplitude *
                              std::sin(kTwoPi * cycles_per_sample * static_cast<double>(i) + 0.3));
  return x;
}

double power(const std::vector<float>& x, std::size_t from, std::size_t to) {
  double sum = 0.0;
  for (std::size_t i = from; i < to; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum / static_cast<double>(to - from);
}

}  // namespace

TEST_CASE("denoiser: at strength 0 nothing changes, ends included, whatever transform and hop") {
  const std::vector<float> x = noise(3001);
  for (const auto& [n_fft, hop] : {std::pair{64, 16}, {256, 64}, {256, 100}, {1024, 256}}) {
    CAPTURE(n_fft);
    CAPTURE(hop);
    const std::vector<double> bias(static_cast<std::size_t>(n_fft / 2 + 1), 1.0);
    const std::vector<float> y = denoised(bias, n_fft, hop, 0.0, x, 77);
    REQUIRE(y.size() == x.size());
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::fabs(y[i] - x[i]) < 1e-6F);
  }
}

TEST_CASE("denoiser: any pieces give the same samples") {
  const std::vector<float> x = noise(5000);
  const std::vector<double> bias = engine::mean_magnitudes(noise(4000), 256, 64);
  const std::vector<float> whole = denoised(bias, 256, 64, 0.5, x, x.size());
  CHECK(whole.size() == x.size());
  for (const std::size_t piece : {1, 7, 64, 100, 257, 1000})
    CHECK(denoised(bias, 256, 64, 0.5, x, piece) == whole);
  CHECK(denoised(bias, 256, 64, 0.5, {}, 1).empty());
  CHECK(denoised(bias, 256, 64, 0.5, {0.5F}, 1).size() == 1);
}

TEST_CASE("denoiser: a steady tone is taken off, speech beside it stays") {
  const int n_fft = 1024, hop = 256;
  const std::size_t n = 22050;
  const std::vector<float> hum = sine(n, 32.0 / n_fft, 0.02), tone = sine(n, 100.0 / n_fft, 0.2);
  std::vector<float> both(n);
  for (std::size_t i = 0; i < n; ++i) both[i] = hum[i] + tone[i];
  const std::vector<double> bias = engine::mean_magnitudes(hum, n_fft, hop);
  const std::vector<float> clean = denoised(bias, n_fft, hop, 1.0, both, n);
  std::vector<float> rest(n);
  for (std::size_t i = 0; i < n; ++i) rest[i] = clean[i] - tone[i];
  // 40 dB less hum where whole frames cover the sound.
  CHECK(power(rest, 2 * n_fft, n - 2 * n_fft) < 1e-4 * power(hum, 2 * n_fft, n - 2 * n_fft));
  // Half of it at half the strength.
  const std::vector<float> half = denoised(bias, n_fft, hop, 0.5, hum, n);
  CHECK(power(half, 2 * n_fft, n - 2 * n_fft) ==
        doctest::Approx(0.25 * power(hum, 2 * n_fft, n - 2 * n_fft)).epsilon(0.01));
}

// |X| - strength * bias, phase kept, by the definition of the transform, frame by frame.
TEST_CASE("denoiser: every bin loses what the definition says") {
  const int n_fft = 16, hop = 4;
  const std::vector<float> x = noise(64);
  std::vector<double> bias;
  for (int k = 0; k <= n_fft / 2; ++k) bias.push_back(0.03 * k);
  const double strength = 0.8;
  const std::vector<float> got = denoised(bias, n_fft, hop, strength, x, 64);
  std::vector<double> sum(x.size()), weight(x.size());
  const auto hann = [&](int i) { return 0.5 - 0.5 * std::cos(kTwoPi * i / n_fft); };
  for (int start = hop - n_fft; start < 64; start += hop) {
    std::vector<double> frame(n_fft);
    for (int i = 0; i < n_fft; ++i) {
      const int at = start + i;
      frame[i] = at >= 0 && at < 64 ? x[static_cast<std::size_t>(at)] * hann(i) : 0.0;
    }
    std::vector<double> back(n_fft);
    for (int k = 0; k < n_fft; ++k) {
      std::complex<double> bin = 0.0;
      for (int i = 0; i < n_fft; ++i) bin += frame[i] * std::polar(1.0, -kTwoPi * k * i / n_fft);
      const double less = strength * bias[static_cast<std::size_t>(std::min(k, n_fft - k))];
      bin = std::polar(std::max(0.0, std::abs(bin) - less), std::arg(bin));
      for (int i = 0; i < n_fft; ++i)
        back[i] += (bin * std::polar(1.0, kTwoPi * k * i / n_fft)).real() / n_fft;
    }
    for (int i = 0; i < n_fft; ++i) {
      const int at = start + i;
      if (at < 0 || at >= 64) continue;
      sum[static_cast<std::size_t>(at)] += back[i] * hann(i);
      weight[static_cast<std::size_t>(at)] += hann(i) * hann(i);
    }
  }
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(got[i] == doctest::Approx(sum[i] / weight[i]).epsilon(1e-5));
}

TEST_CASE("denoiser: a model's hum for a mel at its floor is gone, streamed as whole") {
  const Vocoder vocoder = Vocoder::load(test::golden_model("waveglow"), Precision::kFloat32);
  const MelSpec& spec = vocoder.mel();
  CHECK(vocoder.denoise() == 0.0);
  CHECK(vocoder.denoise_delay_samples() == 768);
  const Mel silence{60, spec.bands,
                    std::vector<float>(static_cast<std::size_t>(60 * spec.bands),
                                       static_cast<float>(mel_floor(spec)))};
  const auto hum = vocoder.synthesize(silence, {0.0, 1, 1});
  const auto clean = vocoder.synthesize(silence, {0.0, 1, 1, 1.0});
  REQUIRE(clean.size() == hum.size());
  CHECK(power(hum, 5000, 10000) > 0.0);
  CHECK(power(clean, 5000, 10000) < 0.01 * power(hum, 5000, 10000));
  const Mel mel = test::speech_like_mel(spec, 60, 1);
  const auto whole = vocoder.synthesize(mel, {0.7, 1, 1, 0.1});
  CHECK(whole != vocoder.synthesize(mel, {0.7, 1, 1}));
  CHECK(vocoder.synthesize(mel, {0.7, 1, 1, 0.0}) == vocoder.synthesize(mel, {0.7, 1, 1}));
  for (const int chunk : {1, 7}) {
    Stream stream(vocoder, {0.7, 1, 1, 0.1}, chunk);
    std::vector<float> streamed;
    for (std::int64_t done = 0; done < mel.frames; done += chunk) {
      const auto count = std::min<std::int64_t>(chunk, mel.frames - done);
      const Samples piece = stream.push(mel.values.data() + done * mel.bands, count);
      streamed.insert(streamed.end(), piece.data, piece.data + piece.count);
    }
    const Samples rest = stream.finish();
    streamed.insert(streamed.end(), rest.data, rest.data + rest.count);
    CHECK(streamed == whole);
  }
  CHECK(contains(error_of([&] {
                   vocoder.synthesize(mel, {0.7, 1, 1, -1.0});
                 }),
                 "denoise: expected a strength"));
}

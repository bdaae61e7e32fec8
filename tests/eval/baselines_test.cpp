// SPDX-License-Identifier: MIT
// Griffin-Lim, shaped noise and all metrics together, on speech.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "audio/resample.hpp"
#include "audio/sound_file.hpp"
#include "dsp/stft.hpp"
#include "eval/distances.hpp"
#include "eval/evaluation.hpp"
#include "eval/griffin_lim.hpp"
#include "eval/stoi.hpp"

using namespace glowvox;

namespace {

std::vector<float> speech() {
  return audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
}

double value(const std::vector<double>& values, const std::string& key) {
  return values[eval::metric_at(key)];
}

struct Baseline {
  MelSpec spec = mel_preset("tacotron2");
  std::vector<float> x = speech();
  Mel mel = log_mel(x.data(), static_cast<std::int64_t>(x.size()), spec);
  std::vector<float> magnitudes = eval::mel_to_magnitudes(mel, spec);
  std::int64_t samples() const { return static_cast<std::int64_t>(x.size()); }
};

}  // namespace

TEST_CASE("a centred transform is undone") {
  const std::vector<float> x = speech();
  for (const int n_fft : {512, 1024}) {
    const dsp::Spectrum s = dsp::centred_stft(x, n_fft, n_fft / 4);
    CHECK(s.frames == static_cast<std::int64_t>(x.size()) / (n_fft / 4) + 1);
    const auto back =
        dsp::inverse_centred_stft(s, n_fft, n_fft / 4, static_cast<std::int64_t>(x.size()));
    double most = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
      most = std::max(most, std::fabs(static_cast<double>(x[i]) - back[i]));
    CHECK(most < 1e-6);
  }
  // Fewer samples than there are to mirror.
  CHECK(dsp::centred_stft({1.0F, 0.5F}, 16, 4).frames == 1);
}

TEST_CASE("magnitudes whose mel is the given one, none of them negative") {
  for (const char* preset : {"tacotron2", "hifigan", "librosa_default"}) {
    CAPTURE(preset);
    const MelSpec spec = mel_preset(preset);
    const std::vector<float> x = speech();
    const Mel mel = log_mel(x.data(), static_cast<std::int64_t>(x.size()), spec);
    const std::vector<float> S = eval::mel_to_magnitudes(mel, spec);
    CHECK(*std::min_element(S.begin(), S.end()) >= 0.0F);
    const std::vector<float> bank = mel_filterbank(spec);
    const auto bins = static_cast<std::size_t>(spec.n_fft / 2 + 1);
    double error = 0.0, total = 0.0;
    for (std::size_t t = 0; t < static_cast<std::size_t>(mel.frames); ++t)
      for (std::size_t b = 0; b < static_cast<std::size_t>(spec.bands); ++b) {
        double sum = 0.0;
        for (std::size_t k = 0; k < bins; ++k)
          sum += bank[b * bins + k] * std::pow(static_cast<double>(S[t * bins + k]), spec.power);
        const double stored = mel.values[t * mel.bands + b];
        const double wanted = spec.log == MelLog::kLn      ? std::exp(stored)
                              : spec.log == MelLog::kLog10 ? std::pow(10.0, stored)
                                                           : stored;
        error += std::fabs(sum - wanted);
        total += wanted;
      }
    CHECK(error < 0.01 * total);
  }
}

TEST_CASE("Griffin-Lim is as good as it is known to be, and comes nearer with iterations") {
  const Baseline b;
  const auto after = [&](int iterations) {
    return eval::measure(b.x, eval::griffin_lim(b.magnitudes, b.spec, b.samples(), iterations, 1),
                         22050);
  };
  // Over 28 recordings by an independent program: mel error 0.105, STOI 0.981, level -0.3 dB.
  const auto sixty = after(60), five = after(5);
  CHECK(value(sixty, "mel_error") < 0.13);
  CHECK(value(sixty, "stoi") > 0.96);
  CHECK(std::fabs(value(sixty, "level")) < 0.6);
  CHECK(value(sixty, "mel_error") < 0.7 * value(five, "mel_error"));
}

TEST_CASE("noise shaped by the mel has its level, and neither pitch nor its fine structure") {
  const Baseline b;
  const auto v =
      eval::measure(b.x, eval::shaped_noise(b.magnitudes, b.spec, b.samples(), 1), 22050);
  CHECK(std::fabs(value(v, "level")) < 1.5);
  CHECK(value(v, "mel_error") < 0.5);
  CHECK(value(v, "periodicity_error") > 0.15);
  CHECK(value(v, "stoi") < 0.93);
  CHECK(value(v, "envelope_variation") < 0.9);
}

TEST_CASE("a recording against itself is perfect, at any rate") {
  const std::vector<float> x = speech();
  for (const int rate : {22050, 16000, 44100}) {
    CAPTURE(rate);
    const std::vector<float> at_rate = audio::resample(x, 22050, rate);
    const auto v = eval::measure(at_rate, at_rate, rate);
    REQUIRE(v.size() == eval::metrics().size());
    CHECK(value(v, "stoi") == doctest::Approx(1.0));
    CHECK(value(v, "voicing_f1") == 1.0);
    CHECK(value(v, "envelope_variation") == 1.0);
    for (const char* key :
         {"mel_error", "mel_cepstral_distortion", "stft_distance", "periodicity_error",
          "gross_f0_errors", "f0_error", "level", "highs", "loudest_frame"})
      CHECK(value(v, key) == 0.0);
  }
  // Too short for STOI and for pitch: nothing is claimed.
  const std::vector<float> brief(x.begin() + 8000, x.begin() + 9200);
  const auto v = eval::measure(brief, brief, 22050);
  CHECK(std::isnan(value(v, "stoi")));
  CHECK(std::isnan(value(v, "voicing_f1")));
  CHECK(value(v, "mel_error") == 0.0);
}

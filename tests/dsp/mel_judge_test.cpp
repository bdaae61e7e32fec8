// SPDX-License-Identifier: MIT
// What cannot be speech for a model is refused, and said to be what it is.
#include "dsp/mel_judge.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "audio/sound_file.hpp"
#include "temporary.hpp"

using namespace glowvox;
using test::contains;

namespace {

std::vector<float> speech(int rate_hz) {
  return audio::load_mono(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav", rate_hz, nullptr);
}

Mel mel_of(const std::vector<float>& samples, const MelSpec& spec) {
  return log_mel(samples.data(), static_cast<std::int64_t>(samples.size()), spec);
}

// Of a mel, by the statistics of another one.
dsp::MelVerdict judged(const Mel& mel, const Mel& trained_on) {
  dsp::MelStatistics s(trained_on.bands);
  s.add(trained_on);
  dsp::MelJudge judge(MelSpec{}, s.band_means(), s.band_deviations());
  judge.add(mel);
  return judge.verdict();
}

}  // namespace

TEST_CASE("a frame's level is that of its sound, within a few decibels") {
  for (const std::string& preset : mel_preset_names()) {
    CAPTURE(preset);
    const MelSpec spec = mel_preset(preset);
    if (spec.filter_rate_hz > 0) continue;  // filters of another rate lie elsewhere
    const std::vector<float> x = speech(spec.sample_rate_hz);
    const Mel mel = mel_of(x, spec);
    const dsp::MelLevel level(spec);
    double by_mel = 0.0, by_sound = 0.0;
    for (std::int64_t t = 0; t < mel.frames; ++t)
      by_mel += std::pow(level.rms(&mel.values[static_cast<std::size_t>(t * mel.bands)]), 2);
    for (const float v : x) by_sound += static_cast<double>(v) * v;
    const double difference = 10.0 * std::log10(by_mel / static_cast<double>(mel.frames) /
                                                (by_sound / static_cast<double>(x.size())));
    CHECK(std::fabs(difference) < 4.0);
  }
}

TEST_CASE("mels made another way are refused, with what they are and what to do") {
  const Mel mel = mel_of(speech(22050), MelSpec{});
  const auto [low, high] = std::minmax_element(mel.values.begin(), mel.values.end());
  const double from = *low, range = *high - *low;
  dsp::MelStatistics s(mel.bands);
  s.add(mel);
  struct Case {
    std::function<double(double)> change;
    const char *probably, *advice;
  };
  const Case cases[] = {
      {[](double v) { return 8.6859 * v; }, "in decibels", "{log: log10, deviation: 0.05}"},
      {[](double v) { return 8.6859 * v + 100.0; }, "in decibels", "{log: log10"},
      {[](double v) { return v / std::log(10.0); }, "a decimal logarithm", "'{log: log10}'"},
      {[](double v) { return v / std::log(2.0); }, "a binary logarithm", "deviation: 0.30103"},
      {[](double v) { return std::exp(v); }, "without a logarithm", "log"},
      {[](double v) { return std::exp(2.0 * v); }, "without a logarithm", "of powers"},
      {[&](double v) { return (v - from) / range; }, "scaled to 0 to 1", "{mean: LOW"},
      {[&](double v) { return 2.0 * (v - from) / range - 1.0; }, "scaled to -1 to 1", "/ 2"},
      {[&](double v) { return 8.0 * (v - from) / range - 4.0; }, "scaled to -4 to 4", "/ 8"},
      {[&](double v) { return (v - s.mean()) / s.deviation(); }, "normalised", "--from-stats"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.probably);
    Mel other = mel;
    for (float& v : other.values) v = static_cast<float>(c.change(v));
    const dsp::MelVerdict verdict = judged(other, mel);
    CHECK(!verdict.refusal.empty());
    CHECK(contains(verdict.probably, c.probably));
    CHECK(contains(verdict.advice, c.advice));
  }
}

TEST_CASE("speech, whoever speaks and however loud, and silence are taken without a word") {
  const Mel mel = mel_of(speech(22050), MelSpec{});
  const auto plain = [&](const Mel& other) {
    const dsp::MelVerdict verdict = judged(other, mel);
    return verdict.refusal.empty() && verdict.warning.empty();
  };
  CHECK(plain(mel));
  for (const double gain : {0.3, 2.0}) {
    std::vector<float> x = speech(22050);
    for (float& v : x) v = std::clamp(static_cast<float>(gain * v), -1.0F, 1.0F);
    CHECK(plain(mel_of(x, MelSpec{})));
  }
  const std::vector<float> silence(44100, 0.0F);
  CHECK(plain(mel_of(silence, MelSpec{})));
  std::vector<float> dither(44100);
  for (std::size_t i = 0; i < dither.size(); ++i)
    dither[i] = (i * 2654435761u % 3 == 0) ? 1.0F / 32768.0F : 0.0F;
  CHECK(plain(mel_of(dither, MelSpec{})));
}

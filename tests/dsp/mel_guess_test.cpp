// SPDX-License-Identifier: MIT
// What values tell of how a mel was made, on a recording.
#include "dsp/mel_guess.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "audio/sound_file.hpp"
#include "temporary.hpp"

using namespace glowvox;
using test::contains;

namespace {

Mel mel_of(const std::string& preset) {
  const MelSpec spec = mel_preset(preset);
  const std::string file = spec.sample_rate_hz == 44100 ? "/mel/lj_1s_44k.wav" : "/mel/lj_2s.wav";
  const auto speech =
      audio::load_mono(std::string(GLOWVOX_TEST_DATA) + file, spec.sample_rate_hz, nullptr);
  return log_mel(speech.data(), static_cast<std::int64_t>(speech.size()), spec);
}

dsp::MelStatistics statistics(const Mel& mel) {
  dsp::MelStatistics s(mel.bands);
  s.add(mel);
  return s;
}

bool guessed(const dsp::MelGuess& guess, const std::string& preset) {
  return std::find(guess.presets.begin(), guess.presets.end(), preset) != guess.presets.end();
}

}  // namespace

TEST_CASE("statistics are those of the values, in one piece or in many") {
  const Mel mel{3, 2, {1, 10, 2, 20, 6, 30}};
  dsp::MelStatistics pieces(2);
  pieces.add({1, 2, {1, 10}});
  pieces.add({2, 2, {2, 20, 6, 30}});
  for (const dsp::MelStatistics& s : {statistics(mel), pieces}) {
    CHECK(s.frames() == 3);
    CHECK(s.minimum() == 1.0F);
    CHECK(s.maximum() == 30.0F);
    CHECK(s.at_minimum() == doctest::Approx(1.0 / 6.0));
    CHECK(s.mean() == doctest::Approx(69.0 / 6.0));
    CHECK(s.band_means() == std::vector<float>{3.0F, 20.0F});
    CHECK(s.band_deviations()[0] == doctest::Approx(std::sqrt(14.0 / 3.0)));
    CHECK(s.deviation() == doctest::Approx(std::sqrt(1441.0 / 6.0 - 11.5 * 11.5)));
  }
}

TEST_CASE("every preset is among the guesses for its own mel") {
  for (const std::string& preset : mel_preset_names()) {
    CAPTURE(preset);
    const dsp::MelGuess guess = dsp::guess_mel(statistics(mel_of(preset)));
    CHECK(guessed(guess, preset));
    const MelLog log = mel_preset(preset).log;
    if (mel_preset(preset).deviation == 1.0)
      CHECK(guess.values == (log == MelLog::kLn      ? dsp::MelValues::kLn
                             : log == MelLog::kLog10 ? dsp::MelValues::kLog10
                                                     : dsp::MelValues::kLinear));
    // Many bands over few bins leave a fingerprint.
    if (mel_preset(preset).bands > 80)
      CHECK(mel_preset(guess.presets.front()) == mel_preset(preset));
    CHECK(dsp::fits(statistics(mel_of(preset)), mel_preset(preset)));
  }
  CHECK(!guessed(dsp::guess_mel(statistics(mel_of("tacotron2"))), "parallel_wavegan"));
  CHECK(!guessed(dsp::guess_mel(statistics(mel_of("parallel_wavegan"))), "tacotron2"));
  CHECK(!dsp::fits(statistics(mel_of("parallel_wavegan")), mel_preset("tacotron2")));
}

TEST_CASE("a floor that was touched is read off, normalised and other values are told apart") {
  Mel mel = mel_of("tacotron2");
  std::fill_n(mel.values.begin(), 400, static_cast<float>(std::log(1e-5)));
  CHECK(dsp::guess_mel(statistics(mel)).floor == doctest::Approx(1e-5));
  const dsp::MelStatistics s = statistics(mel);
  for (float& v : mel.values) v = static_cast<float>((v - s.mean()) / s.deviation());
  CHECK(dsp::guess_mel(statistics(mel)).values == dsp::MelValues::kNormalized);
  for (float& v : mel.values) v = v * 50.0F - 300.0F;
  CHECK(dsp::guess_mel(statistics(mel)).values == dsp::MelValues::kUnknown);
}

TEST_CASE("padded silence, scaled and shifted values do not mislead") {
  for (const char* preset : {"tacotron2", "parallel_wavegan", "vocos_24k"}) {
    for (const double share : {0.03, 0.1, 0.3}) {
      CAPTURE(preset);
      CAPTURE(share);
      Mel mel = mel_of(preset);
      const MelSpec spec = mel_preset(preset);
      const auto silent = static_cast<std::size_t>(share * static_cast<double>(mel.values.size()));
      std::fill_n(mel.values.begin(), silent, static_cast<float>(mel_floor(spec)));
      const dsp::MelGuess guess = dsp::guess_mel(statistics(mel));
      CHECK(guess.values ==
            (spec.log == MelLog::kLn ? dsp::MelValues::kLn : dsp::MelValues::kLog10));
      CHECK(guess.floor == doctest::Approx(spec.floor).epsilon(0.01));
      CHECK(guessed(guess, preset));
      CHECK(dsp::fits(statistics(mel), spec));
      CHECK(dsp::unlike(statistics(mel), statistics(mel_of(preset)).band_means(),
                        statistics(mel_of(preset)).band_deviations())
                .empty());
    }
  }
  const MelSpec spec = mel_preset("tacotron2");
  CHECK(dsp::fits(
      statistics({100, 80, std::vector<float>(8000, static_cast<float>(mel_floor(spec)))}), spec));
  const Mel speech = mel_of("tacotron2");
  const dsp::MelStatistics s = statistics(speech);
  const auto values = [&](auto change) {
    Mel mel = speech;
    for (float& v : mel.values) v = static_cast<float>(change(v));
    CHECK(!dsp::fits(statistics(mel), mel_preset("tacotron2")));
    return dsp::guess_mel(statistics(mel)).values;
  };
  const double floor = std::log(1e-5);
  CHECK(values([&](double v) { return 1.3 * (v - s.mean()) / s.deviation(); }) ==
        dsp::MelValues::kNormalized);
  CHECK(values([&](double v) { return std::clamp(8.0 * (v - floor) / 12.0 - 5.0, -4.0, 4.0); }) ==
        dsp::MelValues::kNormalized);
  CHECK(values([&](double v) { return (v - floor) / (s.maximum() - floor); }) ==
        dsp::MelValues::kNormalized);
}

TEST_CASE("a mel unlike the training data's is noticed, another speaker's is not") {
  const Mel mel = mel_of("tacotron2");
  const dsp::MelStatistics s = statistics(mel);
  const std::vector<float> mean = s.band_means(), deviation = s.band_deviations();
  CHECK(dsp::unlike(s, mean, deviation).empty());
  CHECK(dsp::unlike(s, {}, {}).empty());
  Mel other = mel;
  for (float& v : other.values) v = v * 1.2F + 0.7F;
  CHECK(dsp::unlike(statistics(other), mean, deviation).empty());
  for (const auto& [factor, shift] :
       {std::pair{1.0F / 2.3026F, 0.0F}, {1.0F, 6.0F}, {0.1F, 0.0F}}) {
    other = mel;
    for (float& v : other.values) v = v * factor + shift;
    CHECK(contains(dsp::unlike(statistics(other), mean, deviation), "deviations from the mels"));
  }
  CHECK(dsp::unlike(statistics({20, 80, std::vector<float>(1600, 9.0F)}), mean, deviation).empty());
}

// SPDX-License-Identifier: MIT
#include "glowvox/mel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "arrays/mel_file.hpp"
#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "dsp/stft.hpp"
#include "temporary.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

namespace {

std::string data(const std::string& name) {
  return std::string(GLOWVOX_TEST_DATA) + "/mel/" + name;
}

std::vector<float> speech() { return audio::read_audio(data("lj_2s.wav")).samples; }

Mel mel_of(const std::vector<float>& audio, const MelSpec& spec, int shift = 0) {
  return log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec, shift);
}

}  // namespace

// data/mel: filterbanks by librosa's filters.mel, transforms by a float64 reference; golden.json
// there says which convention each file follows. Input: the first 2 s of LJSpeech LJ001-0001.
TEST_CASE("presets reproduce the spectrograms of other people's code") {
  for (const std::string& name : mel_preset_names()) {
    CAPTURE(name);
    const MelSpec spec = mel_preset(name);
    const audio::Clip clip = audio::read_audio(data(spec.sample_rate_hz == 44100   ? "lj_1s_44k.wav"
                                                    : spec.sample_rate_hz == 24000 ? "lj_2s_24k.wav"
                                                                                   : "lj_2s.wav"));
    REQUIRE(clip.sample_rate_hz == spec.sample_rate_hz);
    const Mel mel = mel_of(clip.samples, spec);
    const Mel golden = arrays::read_mel(data(name + ".npy"), spec.bands);
    REQUIRE(mel.frames == golden.frames);
    REQUIRE(mel.bands == golden.bands);
    // A logarithm is compared well above its floor, a power against the loudest.
    const double floor = spec.log == MelLog::kNone ? -1.0 : mel_floor(spec) + 1.0 / spec.deviation;
    double worst = 0.0;
    double loudest = 1.0;
    std::size_t compared = 0;
    for (std::size_t i = 0; i < mel.values.size(); ++i) {
      const float value = golden.values[i];
      if (spec.log == MelLog::kNone) loudest = std::max(loudest, double{value});
      if (value <= floor) continue;
      ++compared;
      worst = std::max(worst, std::abs(double{mel.values[i]} - value));
    }
    CHECK(compared > mel.values.size() / 2);
    CHECK(worst < (spec.log == MelLog::kNone ? 1e-5 * loudest : 2e-4));
  }
}

TEST_CASE("the filterbank is librosa's") {
  const arrays::Array golden =
      arrays::read_array(data("filterbank_slaney_22050_1024_80_0_8000.npy"));
  const std::vector<float> bank = mel_filterbank(mel_preset("tacotron2"));
  REQUIRE(golden.shape == std::vector<std::int64_t>{80, 513});
  REQUIRE(bank.size() == golden.values.size());
  float worst = 0.0F;
  for (std::size_t i = 0; i < bank.size(); ++i)
    worst = std::max(worst, std::abs(bank[i] - golden.values[i]));
  CHECK(worst < 1e-5F);
}

TEST_CASE("shifted frames are the frames of a shifted signal") {
  const std::vector<float> x = speech();
  for (const char* name : {"tacotron2", "hifigan", "librosa_default"}) {
    const MelSpec spec = mel_preset(name);
    const Mel plain = mel_of(x, spec);
    for (const int shift : {-700, -128, 128, 700}) {
      CAPTURE(name);
      CAPTURE(shift);
      const Mel shifted = mel_of(x, spec, shift);
      CHECK(shifted.frames == plain.frames);
      // Far from the ends, the same frames of a signal that starts `shift` samples later.
      const std::vector<float> late(x.begin() + 2048 + shift, x.end() - 2048 + shift);
      const Mel expected = mel_of(late, spec);
      const std::int64_t skipped = 2048 / spec.hop_samples;
      double worst = 0.0;
      for (std::int64_t t = 8; t < expected.frames - 8; ++t)
        for (std::int64_t b = 0; b < spec.bands; ++b)
          worst = std::max<double>(
              worst,
              std::abs(shifted.values[static_cast<std::size_t>((t + skipped) * spec.bands + b)] -
                       expected.values[static_cast<std::size_t>(t * spec.bands + b)]));
      CHECK(worst < 1e-4);
    }
  }
}

TEST_CASE("one hop of shift is one frame, without padding too") {
  const std::vector<float> x = speech();
  MelSpec spec;
  spec.padding = MelPadding::kNone;
  const Mel plain = mel_of(x, spec);
  const Mel shifted = mel_of(x, spec, spec.hop_samples);
  CHECK(shifted.frames == plain.frames);
  CHECK(plain.frames == (static_cast<std::int64_t>(x.size()) - 1024) / 256 + 1);
  for (std::size_t i = 0; i + 3 * 80 < plain.values.size(); ++i)
    REQUIRE(shifted.values[i] == plain.values[i + 80]);
  mel_of(x, spec, 1000000);
  mel_of(x, spec, -1000000);
}

TEST_CASE("frame centres") {
  MelSpec spec;
  CHECK(frame_center_samples(spec) == 0);
  spec.padding = MelPadding::kHop;
  CHECK(frame_center_samples(spec) == 128);
  spec.padding = MelPadding::kNone;
  CHECK(frame_center_samples(spec) == 512);
}

TEST_CASE("audio too short for its padding is an error that says how much is needed") {
  const std::vector<float> x(2000, 0.1F);
  const MelSpec spec;
  CHECK(error_of([&] { log_mel(x.data(), 1, spec); }) ==
        "audio: 1 sample is too short: need at least 513");
  CHECK(contains(error_of([&] { log_mel(x.data(), 512, spec); }), "need at least 513"));
  CHECK(log_mel(x.data(), 513, spec).frames == 3);
  CHECK(contains(error_of([&] { log_mel(x.data(), 513, spec, -128); }), "need at least 641"));
  MelSpec other = mel_preset("hifigan");
  CHECK(contains(error_of([&] { log_mel(x.data(), 384, other); }), "need at least 385"));
  CHECK(log_mel(x.data(), 385, other).frames == 1);
  other.padding = MelPadding::kNone;
  CHECK(contains(error_of([&] { log_mel(x.data(), 1023, other); }), "need at least 1024"));
  other.padding = MelPadding::kZero;
  CHECK(contains(error_of([&] { log_mel(x.data(), 0, other); }), "0 samples are too short"));
  CHECK(log_mel(x.data(), 1, other).frames == 1);
}

TEST_CASE("several threads get the same mel") {
  const std::vector<float> x = speech();
  MelSpec spec;
  spec.n_fft = 1200;  // a size that no other test has planned
  spec.win_samples = 1000;
  std::vector<Mel> mels(4);
  std::vector<std::thread> threads;
  for (Mel& mel : mels) threads.emplace_back([&] { mel = mel_of(x, spec); });
  for (std::thread& thread : threads) thread.join();
  for (const Mel& mel : mels) CHECK(mel.values == mels[0].values);
}

TEST_CASE("impossible specifications are refused by field") {
  const auto refused = [](auto change) {
    MelSpec spec;
    change(spec);
    return error_of([&] { validate(spec, "here"); });
  };
  CHECK(refused([](MelSpec&) {}).empty());
  CHECK(contains(refused([](MelSpec& s) { s.n_fft = 0; }), "here: mel n_fft is 0"));
  CHECK(contains(refused([](MelSpec& s) { s.n_fft = 1025; }), "an even number"));
  CHECK(contains(refused([](MelSpec& s) { s.hop_samples = 0; }), "mel hop_samples is 0"));
  CHECK(contains(refused([](MelSpec& s) { s.hop_samples = 1025; }), "mel hop_samples is 1025"));
  CHECK(contains(refused([](MelSpec& s) { s.win_samples = 2048; }), "mel win_samples is 2048"));
  CHECK(contains(refused([](MelSpec& s) { s.bands = -1; }), "mel bands is -1"));
  CHECK(contains(refused([](MelSpec& s) { s.f_min_hz = 9000; }), "mel f_max_hz is 8000"));
  CHECK(contains(refused([](MelSpec& s) { s.f_max_hz = 12000; }), "at most half of"));
  CHECK(contains(refused([](MelSpec& s) { s.f_max_hz = std::nan(""); }), "mel f_max_hz is nan"));
  CHECK(contains(refused([](MelSpec& s) { s.power = 1.5; }), "mel power is 1.5"));
  CHECK(contains(refused([](MelSpec& s) { s.floor = 0; }), "mel floor is 0"));
  CHECK(contains(refused([](MelSpec& s) { s.magnitude_epsilon = -1; }), "mel magnitude_epsilon"));
  CHECK(contains(refused([](MelSpec& s) { s.sample_rate_hz = 0; }), "mel sample_rate_hz is 0"));
  MelSpec impossible;
  impossible.bands = 0;
  const std::vector<float> x(2000, 0.1F);
  CHECK(contains(error_of([&] { mel_of(x, impossible); }), "mel bands is 0"));
}

TEST_CASE("an unknown preset lists the known ones") {
  const std::string message = error_of([] { mel_preset("nonsense"); });
  for (const std::string& name : mel_preset_names()) CHECK(contains(message, name));
  CHECK(mel_preset("tacotron2") == MelSpec{});
  CHECK(mel_preset("hifigan") != MelSpec{});
  CHECK(mel_preset("speechbrain") == mel_preset("tacotron2"));
  CHECK(mel_preset("bigvgan_v2_24k") == mel_preset("bigvgan_24k"));
  CHECK(describe(MelSpec{}) ==
        "22050 Hz, n_fft 1024, hop 256, win 1024, padding reflect, 80 bands, 0 to 8000 Hz, scale "
        "slaney, norm slaney, power 1, epsilon 0, log ln, floor 1e-05");
}

TEST_CASE(
    "a mel is converted where that is exact and refused, with both specifications, where not") {
  const MelSpec ln = mel_preset("tacotron2");
  MelSpec log10 = ln;
  log10.log = MelLog::kLog10;
  log10.floor = 1e-4;
  const Mel mel = mel_of(speech(), ln), expected = mel_of(speech(), log10);
  const Mel converted = convert_mel(mel, ln, log10);
  for (std::size_t i = 0; i < converted.values.size(); ++i)
    CHECK(std::abs(converted.values[i] - expected.values[i]) < 1e-5F);
  CHECK(convert_mel(mel, ln, ln).values == mel.values);
  // A floor that was added is taken off, a normalisation undone.
  MelSpec other = ln;
  other.floor_rule = MelFloor::kAdd;
  other.mean = -4.0;
  other.deviation = 4.0;
  const Mel back = convert_mel(mel_of(speech(), other), other, ln);
  for (std::size_t i = 0; i < back.values.size(); ++i)
    CHECK(std::abs(back.values[i] - mel.values[i]) < 1e-3F);
  CHECK(contains(error_of([&] { convert_mel(mel, ln, other); }), "differ in floor"));
  // What a higher floor has cut off cannot come back.
  const std::string message = error_of([&] { convert_mel(expected, log10, ln); });
  CHECK(contains(message, describe(log10)));
  CHECK(contains(message, describe(ln)));
  CHECK(contains(error_of([&] { convert_mel(mel, ln, mel_preset("hifigan")); }), "expects ["));
}

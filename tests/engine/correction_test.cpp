// SPDX-License-Identifier: MIT
// Sound brought nearer to the mel that it was made from.
#include <doctest/doctest.h>

#include <cmath>

#include "allocations.hpp"
#include "audio/resample.hpp"
#include "audio/sound_file.hpp"
#include "config/receptive_field.hpp"
#include "dsp/mdct.hpp"
#include "dsp/stft.hpp"
#include "emulated.hpp"
#include "engine/mel_correction.hpp"
#include "engine/overlap_add.hpp"
#include "engine/signals.hpp"
#include "glowvox/vocoder.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

namespace {

std::vector<float> noise(std::size_t count, std::uint64_t seed) {
  std::vector<float> x(count);
  fill_normal(seed, 0, 0, 0, static_cast<std::int64_t>(count), x.data());
  for (float& v : x) v *= 0.05F;
  return x;
}

Mel mel_of(const std::vector<float>& x, const MelSpec& spec) {
  return log_mel(x.data(), static_cast<std::int64_t>(x.size()), spec);
}

std::vector<float> corrected(const std::vector<float>& x, const Mel& mel, const MelSpec& spec,
                             int together, std::size_t piece) {
  engine::MelCorrection correction(spec, together, 0, mel.frames);
  correction.push_mel(mel.values.data(), mel.frames);
  std::vector<float> out;
  for (std::size_t at = 0; at < x.size(); at += piece) {
    const auto from = x.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = static_cast<std::ptrdiff_t>(std::min(piece, x.size() - at));
    correction.push({{from, from + count}, {}, {}}, &out);
  }
  correction.finish(&out);
  return out;
}

// The same of the rows of a lapped transform, each in the middle of a mel frame, so many at a time:
// what is known of the next samples is what the transform makes of a row alone, or of it and the
// next one (rows_known 2). given: samples, after the last row.
std::vector<float> corrected_rows(const std::vector<float>& x, const Mel& mel, const MelSpec& spec,
                                  int together, std::int64_t rows_at_a_time, std::size_t* given,
                                  std::int64_t rows_known = 1) {
  const std::int64_t hop = spec.hop_samples, rows = static_cast<std::int64_t>(x.size()) / hop;
  const dsp::Mdct mdct(spec.hop_samples);
  std::vector<float> lifted(static_cast<std::size_t>(hop / 2));
  lifted.insert(lifted.end(), x.begin(), x.end() - hop / 2);
  const std::vector<float> coefficients = mdct.forward(lifted.data(), rows);
  engine::MelCorrection correction(spec, together, rows_known * hop, mel.frames);
  correction.push_mel(mel.values.data(), mel.frames);
  std::vector<float> out;
  engine::FlowOutput made;
  const auto push = [&] {
    correction.push(made, &out);
    made.clear();
  };
  for (std::int64_t row = 0; row < rows; ++row) {
    if (row > 0)
      made.samples.insert(made.samples.end(), x.begin() + (row - 1) * hop, x.begin() + row * hop);
    made.ends.push_back(made.samples.size());
    std::vector<float> alone(static_cast<std::size_t>((2 + rows_known) * hop));
    std::copy_n(coefficients.begin() + row * hop, std::min(rows_known, rows - row) * hop,
                alone.begin() + hop);
    const std::vector<float> overlap = mdct.inverse(alone.data(), 2 + rows_known);
    const auto middle = overlap.begin() + hop + hop / 2;
    made.ahead.insert(made.ahead.end(), middle, middle + rows_known * hop);
    if ((row + 1) % rows_at_a_time == 0) push();
  }
  push();
  *given = out.size();
  made.samples.assign(x.end() - hop, x.end());
  push();
  correction.finish(&out);
  return out;
}

// Mean absolute difference of natural logarithms of amplitudes.
double distance(const Mel& a, const Mel& b, const MelSpec& spec) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    double x = a.values[i], y = b.values[i];
    if (spec.log == MelLog::kNone) x = std::log(x + 1e-10), y = std::log(y + 1e-10);
    if (spec.log == MelLog::kLog10) x *= std::log(10.0), y *= std::log(10.0);
    sum += std::fabs(x - y) / spec.power;
  }
  return sum / static_cast<double>(a.values.size());
}

}  // namespace

TEST_CASE("overlapping frames begin where they should, and are said to lie inside or not") {
  const std::vector<float> x = noise(1000, 1);
  const std::vector<double> window = dsp::centred_hann(64, 64);
  for (const int first : {0, -32, -24, 5, 100}) {
    CAPTURE(first);
    std::vector<std::int64_t> begins;
    bool wrong = false;
    engine::OverlapAdd frames(window, 16, first, 1000, nullptr,
                              [&](const engine::OverlapAdd::Frame& f) {
                                begins.push_back(f.first);
                                wrong = wrong || (f.first - first) % 16 != 0 ||
                                        f.whole != (f.first >= 0 && f.first + 64 <= 1000);
                              });
    std::vector<float> out;
    frames.push(x.data(), x.size(), &out);
    frames.finish(&out);
    CHECK(!wrong);
    for (std::size_t i = 1; i < begins.size(); ++i) CHECK(begins[i] == begins[i - 1] + 16);
    REQUIRE(out.size() == x.size());
    double most = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
      most = std::max(most, std::fabs(static_cast<double>(x[i]) - out[i]));
    CHECK(most < 1e-6);
  }
}

TEST_CASE("one gain everywhere: the sound gets it, and not much more") {
  const MelSpec spec = mel_preset("tacotron2");
  const std::vector<float> x = noise(20 * 256, 2);
  Mel louder = mel_of(x, spec);
  for (float& v : louder.values) v += 0.2F;
  for (const int together : {1, 4}) {
    const std::vector<float> y = corrected(x, louder, spec, together, x.size());
    REQUIRE(y.size() == x.size());
    double wanted = 0.0, error = 0.0;
    // Where all four frames that cover a sample lie inside the sound.
    for (std::size_t i = 1024; i < x.size() - 1024; ++i) {
      const double gained = std::exp(0.2) * x[i];
      wanted += gained * gained;
      error += (y[i] - gained) * (y[i] - gained);
    }
    CHECK(std::sqrt(error / wanted) < (together == 1 ? 0.15 : 0.05));
    // The beginning belongs to frames whose mel is unknown.
    for (const std::size_t i : {0, 10}) CHECK(std::fabs(y[i] - x[i]) < 1e-5);
    // The right mel changes little: the newest frame's is a guess, as long as its last hop is
    // missing.
    const std::vector<float> same = corrected(x, mel_of(x, spec), spec, together, x.size());
    wanted = error = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      wanted += static_cast<double>(x[i]) * x[i];
      error += (static_cast<double>(same[i]) - x[i]) * (static_cast<double>(same[i]) - x[i]);
    }
    CHECK(std::sqrt(error / wanted) < 0.03);
  }
  // However much is asked for, the mel does not go far beyond it.
  for (float& v : louder.values) v += 20.0F;
  for (const int together : {1, 8}) {
    const Mel loud = mel_of(corrected(x, louder, spec, together, x.size()), spec);
    for (std::int64_t i = 4 * loud.bands; i < (loud.frames - 4) * loud.bands; ++i)
      CHECK(loud.values[static_cast<std::size_t>(i)] <
            louder.values[static_cast<std::size_t>(i)] + 1.0F);
  }
}

TEST_CASE("noise comes nearer to the mel of speech the more frames are corrected together") {
  std::vector<std::string> presets = mel_preset_names();
  presets.resize(test::emulated_or<std::size_t>(1, presets.size(), "presets"));
  for (const std::string& preset : presets) {
    MelSpec spec = mel_preset(preset);
    spec.mean = 0.0;  // models take no mels that are normalised
    spec.deviation = 1.0;
    CAPTURE(preset);
    REQUIRE(dsp::correction_possible(spec));
    const auto clip = audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav");
    const std::vector<float> speech =
        audio::resample(clip.samples, clip.sample_rate_hz, spec.sample_rate_hz);
    const Mel mel = mel_of(speech, spec);
    const std::vector<float> x = noise(speech.size(), 3);
    double before = distance(mel, mel_of(x, spec), spec);
    for (const int together : {1, 2, 4, 8}) {
      CAPTURE(together);
      const double now =
          distance(mel, mel_of(corrected(x, mel, spec, together, x.size()), spec), spec);
      CHECK(now < (together == 1 ? 0.8 : 0.95) * before);
      before = now;
    }
  }
}

TEST_CASE("any pieces give the same corrected samples") {
  const MelSpec spec = mel_preset("hifigan");
  const std::vector<float> x = noise(6000, 4);
  const Mel mel = test::speech_like_mel(spec, 6000 / spec.hop_samples, 1);
  for (const int together : {1, 5}) {
    const std::vector<float> whole = corrected(x, mel, spec, together, x.size());
    for (const std::size_t piece : {1, 100, 256, 1000})
      CHECK(corrected(x, mel, spec, together, piece) == whole);
  }
}

TEST_CASE("what a lapped transform knows of the next samples spares waiting for them") {
  const MelSpec spec = mel_preset("tacotron2");
  const auto hop = static_cast<std::size_t>(spec.hop_samples);
  const auto clip = audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav");
  const std::vector<float> speech(clip.samples.begin(), clip.samples.begin() + 100 * hop);
  const Mel mel = mel_of(speech, spec);
  const std::vector<float> x = noise(speech.size(), 5);
  double before = distance(mel, mel_of(x, spec), spec);
  for (const int together : {1, 2, 4}) {
    CAPTURE(together);
    std::size_t given = 0, given_at_once = 0;
    const std::vector<float> y = corrected_rows(x, mel, spec, together, 1, &given);
    REQUIRE(y.size() == x.size());
    CHECK(corrected_rows(x, mel, spec, together, 7, &given_at_once) == y);
    CHECK(given_at_once == given);
    // A hop is final when the next row has come; one frame alone adds nothing to that.
    CHECK(given == x.size() - static_cast<std::size_t>(together) * hop);
    CHECK(config::correction_delay_samples(spec, together, spec.hop_samples) ==
          (together - 1) * spec.hop_samples);
    const double now = distance(mel, mel_of(y, spec), spec);
    CHECK(now < 0.8 * before);
    before = now;
  }
}

TEST_CASE("the next row makes the newest frame whole, and its mel nearer") {
  const MelSpec spec = mel_preset("tacotron2");
  const auto hop = static_cast<std::size_t>(spec.hop_samples);
  const auto clip = audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav");
  const std::vector<float> speech(clip.samples.begin(), clip.samples.begin() + 100 * hop);
  const Mel mel = mel_of(speech, spec);
  const std::vector<float> x = noise(speech.size(), 5);
  const auto error = [&](std::int64_t rows_at_a_time, std::int64_t rows_known) {
    std::size_t given = 0;
    const auto y = corrected_rows(x, mel, spec, 1, rows_at_a_time, &given, rows_known);
    CHECK(given == x.size() - hop);
    return distance(mel, mel_of(y, spec), spec);
  };
  const double known = error(1, 2);
  CHECK(known < 0.95 * error(1, 1));
  CHECK(error(7, 2) == known);
}

TEST_CASE("what is given goes on from what was given: loud lows make no highs") {
  const MelSpec spec = mel_preset("tacotron2");
  const int hop = spec.hop_samples;
  constexpr double kPi = 3.141592653589793238463;
  std::vector<float> tone(static_cast<std::size_t>(60 * hop));
  for (std::size_t i = 0; i < tone.size(); ++i)
    tone[i] = 0.3F * static_cast<float>(std::sin(2.0 * kPi * 300.0 * static_cast<double>(i) /
                                                 spec.sample_rate_hz));
  Mel mel = mel_of(tone, spec);
  // Every frame asks for another gain than the one before.
  for (std::int64_t t = 0; t < mel.frames; ++t)
    for (std::int64_t b = 0; b < mel.bands; ++b)
      mel.values[static_cast<std::size_t>(t * mel.bands + b)] += t % 2 == 0 ? 0.5F : -0.5F;
  // dB: of the power above 4 kHz to that of all, where the sound has begun and does not end yet.
  const auto highs = [&](const std::vector<float>& x) {
    const dsp::Spectrum spectrum = dsp::stft(x, 1024, 256, 1024);
    double high = 0.0, all = 0.0;
    for (std::int64_t t = 8; t < spectrum.frames - 16; ++t)
      for (std::int64_t bin = 0; bin < spectrum.bins; ++bin) {
        const double power =
            std::norm(spectrum.values[static_cast<std::size_t>(t * spectrum.bins + bin)]);
        all += power;
        if (bin * spec.sample_rate_hz > 4000 * 1024) high += power;
      }
    return 10.0 * std::log10(high / all);
  };
  for (const int together : {1, 2}) {
    CAPTURE(together);
    std::size_t given = 0;
    const std::vector<float> y = corrected_rows(tone, mel, spec, together, 1, &given);
    double changed = 0.0;
    for (std::size_t i = 0; i < given; ++i)
      changed = std::max(changed, std::fabs(static_cast<double>(y[i]) - tone[i]));
    CHECK(changed > 0.05);
    CHECK(highs(y) < -80.0);
  }
}

TEST_CASE("a vocoder corrects in a stream as it does at once, later by what it says") {
  for (const std::string& path : {test::kShippedModel, test::golden_model("waveglow")}) {
    CAPTURE(path);
    const Vocoder vocoder = Vocoder::load(path, Precision::kFloat32);
    const MelSpec& spec = vocoder.mel();
    const Mel mel = test::speech_like_mel(spec, test::emulated_or(24, 45, "frames"), 1);
    SynthesisOptions options{0.7, 1, 1, std::nullopt, 0};
    const auto plain = vocoder.synthesize(mel, options);
    options.corrections = 2;
    const auto whole = vocoder.synthesize(mel, options);
    REQUIRE(whole.size() == plain.size());
    CHECK(distance(mel, mel_of(whole, spec), spec) <
          0.8 * distance(mel, mel_of(plain, spec), spec));
    std::size_t delays[2];
    for (const int corrections : {0, 2}) {
      options.corrections = corrections;
      Stream stream(vocoder, options, 7);
      std::vector<float> streamed;
      for (std::int64_t done = 0; done < mel.frames; done += 7) {
        const auto count = std::min<std::int64_t>(7, mel.frames - done);
        const Samples piece = stream.push(mel.values.data() + done * mel.bands, count);
        streamed.insert(streamed.end(), piece.data, piece.data + piece.count);
      }
      delays[corrections / 2] = plain.size() - streamed.size();
      const Samples rest = stream.finish();
      streamed.insert(streamed.end(), rest.data, rest.data + rest.count);
      CHECK(streamed == (corrections == 0 ? plain : whole));
    }
    const auto later = static_cast<std::int64_t>(delays[1]) - static_cast<std::int64_t>(delays[0]);
    CHECK(std::abs(later - vocoder.correction_delay_samples(2)) <= 2 * spec.hop_samples);
  }
}

TEST_CASE("after the first push a correcting stream allocates nothing") {
  const Vocoder vocoder = Vocoder::load(test::kShippedModel);
  const Mel mel = test::speech_like_mel(vocoder.mel(), test::emulated_or(40, 120, "frames"), 6);
  for (const int together : {1, 4}) {
    Stream stream(vocoder, {0.7, 1, 1, std::nullopt, together}, 4);
    stream.push(mel.values.data(), 4);
    const std::int64_t before = test::allocations();
    for (std::int64_t done = 4; done + 4 <= mel.frames; done += 1 + done % 4)
      stream.push(mel.values.data() + done * mel.bands, 1 + done % 4);
    CHECK(test::allocations() == before);
  }
}

TEST_CASE("corrections that cannot be") {
  const Vocoder vocoder = Vocoder::load(test::kShippedModel);
  const Mel mel = test::speech_like_mel(vocoder.mel(), 4, 1);
  for (const int corrections : {-1, 17})
    CHECK(contains(error_of([&] {
                     vocoder.synthesize(mel, {0.7, 1, 1, std::nullopt, corrections});
                   }),
                   "corrections: expected a number from 0 to 16"));
  MelSpec sparse = mel_preset("tacotron2");
  sparse.hop_samples = 600;
  CHECK(!dsp::correction_possible(sparse));
}

TEST_CASE("a live stream makes the correction that adds no delay, where there is one") {
  const Vocoder lapped = Vocoder::load(test::kShippedModel);
  CHECK(lapped.correction_delay_samples(0) == 0);
  CHECK(lapped.correction_delay_samples(1) == 0);
  CHECK(lapped.correction_delay_samples(8) == 7 * lapped.mel().hop_samples);
  CHECK(lapped.live_corrections() == 1);
  const Vocoder squeezed = Vocoder::load(test::golden_model("waveglow"));
  CHECK(squeezed.correction_delay_samples(1) ==
        squeezed.mel().n_fft / 2 - squeezed.mel().hop_samples);
  CHECK(squeezed.live_corrections() == 0);
}

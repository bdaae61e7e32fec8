// SPDX-License-Identifier: MIT
// Mels of one specification as another's: what direct analysis of the same sound gives.
#include "dsp/mel_approximation.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "audio/sound_file.hpp"
#include "temporary.hpp"

using namespace glowvox;

namespace {

Mel mel_of(const MelSpec& spec) {
  const auto speech = audio::load_mono(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav",
                                       spec.sample_rate_hz, nullptr);
  return log_mel(speech.data(), static_cast<std::int64_t>(speech.size()), spec);
}

Mel approximated(const Mel& mel, const MelSpec& from, const MelSpec& to, std::int64_t piece) {
  dsp::MelApproximation approximation(from, to);
  Mel all{0, to.bands, {}};
  const auto take = [&all](const Mel& more) {
    all.frames += more.frames;
    all.values.insert(all.values.end(), more.values.begin(), more.values.end());
  };
  for (std::int64_t t = 0; t < mel.frames; t += piece) {
    const std::int64_t count = std::min(piece, mel.frames - t);
    const auto begin = mel.values.begin() + t * mel.bands;
    take(approximation.push({count, mel.bands, {begin, begin + count * mel.bands}}));
  }
  take(approximation.finish());
  return all;
}

struct Difference {
  double mean = 0.0, size = 0.0;
};

// In natural logarithms, of frames that both have, over values well above the floor.
Difference difference(const Mel& a, const Mel& b) {
  Difference d;
  double count = 0.0;
  for (std::size_t i = 0; i < std::min(a.values.size(), b.values.size()); ++i) {
    if (b.values[i] < std::log(1e-4)) continue;
    const double x = a.values[i] - b.values[i];
    d.mean += x;
    d.size += std::fabs(x);
    ++count;
  }
  return {d.mean / count, d.size / count};
}

}  // namespace

TEST_CASE("the spectrum under a mel frame has its bands") {
  const MelSpec spec = mel_preset("tacotron2");
  const Mel mel = mel_of(spec);
  dsp::MelInversion inversion(spec);
  std::vector<float> magnitudes(inversion.bins());
  const auto analysis = dsp::mel_analysis(spec);
  double worst = 0.0;
  for (std::int64_t t = 20; t < 120; t += 10) {
    const float* frame = &mel.values[static_cast<std::size_t>(t * mel.bands)];
    inversion(frame, magnitudes.data());
    for (std::size_t b = 0; b < analysis->bands.size(); ++b) {
      double sum = 0.0;
      for (std::size_t i = 0; i < analysis->bands[b].weights.size(); ++i)
        sum += analysis->bands[b].weights[i] * magnitudes[analysis->bands[b].first + i];
      worst = std::max(worst, std::fabs(std::log(std::max(sum, 1e-5)) - frame[b]));
    }
  }
  CHECK(worst < 0.2);
}

TEST_CASE("a mel of another specification becomes nearly what direct analysis gives") {
  const MelSpec to = mel_preset("tacotron2");
  const Mel direct = mel_of(to);
  for (const std::string& name : mel_preset_names()) {
    const MelSpec from = mel_preset(name);
    CAPTURE(name);
    const Mel mel = mel_of(from);
    const Mel whole = approximated(mel, from, to, mel.frames);
    // As many frames as the sound has, to what the other hop leaves open.
    CHECK(std::abs(whole.frames - direct.frames) <= 1 + from.hop_samples / to.hop_samples);
    const Difference d = difference(whole, direct);
    MESSAGE(name << ": " << d.mean << " in mean, " << d.size << " in size");
    CHECK(std::fabs(d.mean) < 0.2);
    CHECK(d.size < 0.45);
    const Mel pieces = approximated(mel, from, to, 7);
    CHECK(pieces.frames == whole.frames);
    CHECK(pieces.values == whole.values);
  }
}

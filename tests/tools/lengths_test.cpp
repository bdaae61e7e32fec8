// SPDX-License-Identifier: MIT
// How many samples come out, and where.
#include <cmath>
#include <nlohmann/json.hpp>

#include "arrays/mel_file.hpp"
#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "dsp/mel_length.hpp"
#include "glowvox/vocoder.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::succeeds;

namespace {

const std::string kVoice = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";

// Loudness every 16 samples, in a window as long as a mel's: by shorter ones, where a sound seems
// to lie depends on the noise that it was drawn from.
std::vector<double> envelope(const std::vector<float>& x) {
  std::vector<double> loudness;
  constexpr std::size_t kWindow = 1024;
  for (std::size_t at = 0; at + kWindow <= x.size(); at += 16) {
    double power = 1e-5;
    for (std::size_t i = at; i < at + kWindow; ++i) power += x[i] * x[i];
    loudness.push_back(std::log(power));
  }
  return loudness;
}

// How many samples b is later than a, by their envelopes.
int lag(const std::vector<float>& a, const std::vector<float>& b) {
  const std::vector<double> x = envelope(a), y = envelope(b);
  int best = 0;
  double least = 1e300;
  for (int shift = -40; shift <= 40; ++shift) {
    double sum = 0.0;
    const int end = static_cast<int>(std::min(x.size(), y.size())) - 40;
    for (int i = 40; i < end; ++i)
      sum += std::abs(x[static_cast<std::size_t>(i)] - y[static_cast<std::size_t>(i + shift)]);
    if (sum < least) best = shift;
    least = std::min(sum, least);
  }
  return 16 * best;
}

// A configuration for tests that makes mels of this preset sound.
std::string tiny_model(const test::TemporaryDirectory& folder, const std::string& preset,
                       const std::string& alignment) {
  std::string yaml = read_file(test::config("tiny"));
  const auto set = [&yaml](const std::string& key, const std::string& value) {
    const std::size_t at = yaml.find("\n" + key + ":") + 1;
    yaml.replace(at, yaml.find('\n', at) - at, key + ": " + value);
  };
  const int hop = mel_preset(preset).hop_samples;
  set("mel", preset);
  set("alignment", alignment);
  set("lift", "{kind: mdct, channels: " + std::to_string(hop) + "}");
  write_file(folder.file("tiny.yaml"), yaml);
  succeeds(folder, "init " + folder.file("tiny.yaml") + " -o " + folder.file("tiny.safetensors"));
  return folder.file("tiny.safetensors");
}

}  // namespace

TEST_CASE("the samples that a mel's maker makes of it") {
  for (const std::string& preset : mel_preset_names()) {
    CAPTURE(preset);
    const bool inverted = preset == "vocos_24k" || preset == "librosa_default";
    const MelSpec spec = mel_preset(preset);
    CHECK(dsp::made_samples(spec, 100) == (inverted ? 99 : 100) * spec.hop_samples);
    CHECK(dsp::made_samples(spec, 1) == spec.hop_samples);
  }
}

TEST_CASE("every preset's mel gives its maker's samples, in its place, in files and streams") {
  const test::TemporaryDirectory folder;
  const std::string mel = folder.file("mel.npy"), a = folder.file("a.wav"),
                    b = folder.file("b.wav");
  const std::vector<float> recording = audio::read_audio(test::speech_file()).samples;
  for (const std::string& preset : mel_preset_names()) {
    CAPTURE(preset);
    const MelSpec spec = mel_preset(preset);
    succeeds(folder, "mel " + test::speech_file() + " -o " + mel + " --preset " + preset);
    const std::string input =
        " --corrections 0 --convert --mel " + mel + " --from-preset " + preset;
    succeeds(folder, "synth" + input + " -o " + a);
    succeeds(folder, "stream" + input + " -o " + b);
    const std::int64_t frames = arrays::MelReader(mel, spec.bands).frames();
    const auto expected = std::llround(static_cast<double>(dsp::made_samples(spec, frames)) /
                                       spec.sample_rate_hz * 22050);
    const std::vector<float> copy = audio::read_audio(a).samples;
    CHECK(static_cast<std::int64_t>(copy.size()) == expected);
    CHECK(read_file(a) == read_file(b));
    // A quarter of our hop.
    CHECK(std::abs(lag(recording, copy)) <= 64);
  }
}

TEST_CASE("a model's own mel gives a hop for every frame, whatever its preset") {
  for (const std::string& preset : mel_preset_names()) {
    CAPTURE(preset);
    const MelSpec spec = mel_preset(preset);
    // No model takes these as they are.
    if (spec.log == MelLog::kNone || spec.deviation != 1.0) continue;
    for (const char* alignment : {"hop_center", "as_is"}) {
      CAPTURE(alignment);
      const test::TemporaryDirectory folder;
      const Vocoder vocoder = Vocoder::load(tiny_model(folder, preset, alignment));
      const Mel mel{30, spec.bands,
                    std::vector<float>(static_cast<std::size_t>(30 * spec.bands), -2.0F)};
      CHECK(vocoder.sample_count(30) == 30 * spec.hop_samples);
      const std::vector<float> whole = vocoder.synthesize(mel);
      CHECK(static_cast<std::int64_t>(whole.size()) == 30 * spec.hop_samples);
      Stream stream(vocoder);
      std::vector<float> streamed;
      const auto take = [&](const Samples& s) {
        streamed.insert(streamed.end(), s.data, s.data + s.count);
      };
      for (int t = 0; t < 30; ++t)
        take(stream.push(&mel.values[static_cast<std::size_t>(t * spec.bands)], 1));
      take(stream.finish());
      CHECK(streamed == whole);
    }
  }
}

TEST_CASE("a mel of the voice's own kind gives a hop for every frame in files and streams") {
  const test::TemporaryDirectory folder;
  const std::string mel = std::string(GLOWVOX_SAMPLES) + "/kerstin.npy";
  succeeds(folder, "synth --mel " + mel + " -o " + folder.file("a.wav"));
  succeeds(folder, "stream --mel " + mel + " -o " + folder.file("b.wav"));
  CHECK(read_file(folder.file("a.wav")) == read_file(folder.file("b.wav")));
  CHECK(audio::probe(folder.file("a.wav")).frames == 256 * arrays::MelReader(mel, 80).frames());
}

TEST_CASE("decode gives back exactly the samples that encode was given") {
  for (const char* configuration : {"tiny", "squeezewave-64s"}) {
    const test::TemporaryDirectory folder;
    const std::string model = folder.file("m.safetensors"), in = folder.file("in.wav");
    succeeds(folder, "init " + test::config(configuration) + " -o " + model + " --seed 3");
    const std::string m = " --model " + model, z = folder.file("z.npy");
    const std::vector<float> speech = audio::read_audio(test::speech_file()).samples;
    for (const int samples : {16384, 16385, 16500, 16639}) {
      CAPTURE(configuration);
      CAPTURE(samples);
      const std::vector<float> x(speech.begin(), speech.begin() + samples);
      audio::write_audio(in, x, 22050);
      const json figures =
          json::parse(succeeds(folder, "encode" + m + " --wav " + in + " -o " + z +
                                           " --json --write-mel " + folder.file("mel.npy"))
                          .out);
      CHECK(figures["samples"] == samples);
      const auto returns_with = [&](const std::string& rest) {
        succeeds(folder, "decode" + m + " --latent " + z + " -o " + folder.file("y.npy") + rest);
        const std::vector<float> y = arrays::read_array(folder.file("y.npy")).values;
        REQUIRE(y.size() == x.size());
        float most = 0.0F;
        for (std::size_t i = 0; i < x.size(); ++i) most = std::max(most, std::abs(x[i] - y[i]));
        CHECK(most < 2e-4F);
      };
      returns_with(" --wav " + in);
      const std::string count = " --samples " + std::to_string(samples);
      returns_with(" --mel " + folder.file("mel.npy") + count);
      // A mel of HiFi-GAN's padding has no frame for the last hop where that is not whole.
      succeeds(folder, "mel " + in + " -o " + folder.file("h.npy") + m);
      arrays::Array h = arrays::read_array(folder.file("h.npy"));
      const Mel whole = arrays::read_mel(folder.file("h.npy"), static_cast<int>(h.shape[0]));
      const std::int64_t hop = configuration[0] == 't' ? 64 : 256, frames = samples / hop;
      arrays::write_mel(folder.file("h.npy"),
                        {frames,
                         whole.bands,
                         {whole.values.begin(), whole.values.begin() + frames * whole.bands}});
      succeeds(folder,
               "encode" + m + " --wav " + in + " --mel " + folder.file("h.npy") + " -o " + z);
      returns_with(" --mel " + folder.file("h.npy") + count);
    }
    test::refuses(folder,
                  "decode" + m + " --latent " + z + " --wav " + in + " --samples 999999 -o " +
                      folder.file("y.npy"),
                  "--samples: expected 1 to ", 2);
  }
}

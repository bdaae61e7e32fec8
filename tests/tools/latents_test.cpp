// SPDX-License-Identifier: MIT
// score, encode, decode and morph as a user runs them.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "arrays/mel_file.hpp"
#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::ModelFolder;
using test::succeeds;

TEST_CASE("score: exact log-likelihood, total and per second, with a picture") {
  const ModelFolder folder;
  const json figures = json::parse(succeeds(folder, "score --model " + folder.model + " --wav " +
                                                        test::speech_file() + " --json --plot " +
                                                        folder.file("s.svg"))
                                       .out);
  const json& all = figures["all"];
  CHECK(all["nats"].get<double>() / all["seconds"].get<double>() ==
        doctest::Approx(all["nats_per_second"].get<double>()));
  CHECK(all["nats_per_second"].get<double>() / 22050.0 ==
        doctest::Approx(all["nats_per_sample"].get<double>()));
  CHECK(contains(read_file(folder.file("s.svg")), "nats per sample"));
}

TEST_CASE("encode and decode are exact inverses, for every lift and with early outputs") {
  for (const char* configuration : {"tiny", "squeezewave-64s"}) {
    CAPTURE(configuration);
    const ModelFolder folder(configuration);
    const std::string m = " --model " + folder.model;
    const auto clip = audio::read_audio(test::speech_file());
    arrays::write_npy(folder.file("x.npy"),
                      {{2, 20480}, {clip.samples.begin(), clip.samples.begin() + 40960}});
    arrays::write_npy(folder.file("one.npy"),
                      {{20480}, {clip.samples.begin(), clip.samples.begin() + 20480}});
    const json figures =
        json::parse(succeeds(folder, "encode" + m + " --audio " + folder.file("x.npy") + " -o " +
                                         folder.file("z.npy") + " --json")
                        .out);
    const auto z = arrays::read_array(folder.file("z.npy"));
    REQUIRE(z.shape.size() == 3);
    CHECK(z.shape[0] == 2);
    CHECK(z.shape[1] * z.shape[2] == 20480);
    CHECK(figures["log_prob"].size() == 2);
    succeeds(folder,
             "encode" + m + " --audio " + folder.file("one.npy") + " -o " + folder.file("z1.npy"));
    audio::write_audio(folder.file("one.wav"), {clip.samples.begin(), clip.samples.begin() + 20480},
                       22050);
    succeeds(folder, "decode" + m + " --wav " + folder.file("one.wav") + " --latent " +
                         folder.file("z1.npy") + " -o " + folder.file("y.npy"));
    const auto y = arrays::read_array(folder.file("y.npy"));
    REQUIRE(y.shape == std::vector<std::int64_t>{20480});
    for (std::size_t i = 0; i < y.values.size(); ++i)
      CHECK(std::abs(y.values[i] - clip.samples[i]) < 1e-4f);
  }
}

TEST_CASE("encode, which is the engine's, finds the likelihood that score finds by LibTorch") {
  const test::TemporaryDirectory folder;
  // Whole hops: score leaves out what is more, encode fills it up.
  std::vector<float> speech = audio::read_audio(test::speech_file()).samples;
  speech.resize(170 * 256);
  audio::write_audio(folder.file("x.wav"), speech, 22050);
  const std::string inputs = " --model " GLOWVOX_SAMPLES "/mdct-causal.safetensors --wav " +
                             folder.file("x.wav") + " --json";
  const json score = json::parse(succeeds(folder, "score --exact-samples" + inputs).out);
  const json encode =
      json::parse(succeeds(folder, "encode -o " + folder.file("z.npy") + inputs).out);
  CHECK(encode["log_prob"][0].get<double>() ==
        doctest::Approx(score["all"]["nats"].get<double>()).epsilon(1e-5));
}

TEST_CASE("encode writes the mel that it used, decode gives the audio back from it") {
  const ModelFolder folder;
  const std::string m = " --model " + folder.model, speech = test::speech_file();
  succeeds(folder, "encode" + m + " --wav " + speech + " -o " + folder.file("z.npy") +
                       " --write-mel " + folder.file("mel.npy"));
  succeeds(folder, "decode" + m + " --mel " + folder.file("mel.npy") + " --latent " +
                       folder.file("z.npy") + " -o " + folder.file("y.wav"));
  const auto y = audio::read_audio(folder.file("y.wav")).samples;
  const auto x = audio::read_audio(speech).samples;
  REQUIRE(y.size() == (x.size() + 63) / 64 * 64);  // as long as the latent
  // Exact: every 16-bit sample is the same again.
  CHECK(std::equal(x.begin(), x.end(), y.begin()));
}

TEST_CASE("encode takes a given mel, decode gives the audio back from it") {
  const ModelFolder folder("squeezewave-64s");
  const std::string m = " --model " + folder.model;
  const std::string speech = test::speech_file(), mel = folder.file("mel.npy");
  succeeds(folder, "mel " + speech + " -o " + mel);
  succeeds(folder,
           "encode" + m + " --wav " + speech + " --mel " + mel + " -o " + folder.file("z.npy"));
  succeeds(folder, "decode" + m + " --mel " + mel + " --latent " + folder.file("z.npy") + " -o " +
                       folder.file("y.wav"));
  const auto y = audio::read_audio(folder.file("y.wav")).samples;
  const auto x = audio::read_audio(speech).samples;
  REQUIRE(y.size() == (x.size() + 255) / 256 * 256);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::abs(x[i] - y[i]) < 2e-4f);
}

TEST_CASE("morph: amount 0 gives the utterance back, more gives something else") {
  const ModelFolder folder;
  const std::string speech = test::speech_file(), m = " --model " + folder.model;
  const auto x = audio::read_audio(speech).samples;
  const std::vector<float> reversed(x.rbegin(), x.rend());
  audio::write_audio(folder.file("b.wav"), reversed, 22050);
  const std::string from = "morph" + m + " --from " + speech;
  succeeds(folder,
           from + " --to " + folder.file("b.wav") + " --amount 0 -o " + folder.file("y.wav"));
  const auto y = audio::read_audio(folder.file("y.wav")).samples;
  REQUIRE(y.size() == x.size());
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::abs(x[i] - y[i]) < 2e-4f);
  const json half = json::parse(succeeds(folder, from + " --to " + folder.file("b.wav") +
                                                     " --json -o " + folder.file("h.wav"))
                                    .out);
  CHECK(audio::read_audio(folder.file("h.wav")).samples != y);
  CHECK(half["latent_rms"] > 0.0);
  succeeds(folder, from + " --plus " + folder.file("b.wav") + " --minus " + speech +
                       " --amount 2 -o " + folder.file("p.wav"));
  CHECK(audio::read_audio(folder.file("p.wav")).samples != y);
}

// SPDX-License-Identifier: MIT
// glowvox play and stream on a real JACK server, with what is played captured and compared.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "audio/resample.hpp"
#include "audio/sound_file.hpp"
#include "live/jack_card.hpp"
#include "live/utterance.hpp"

using namespace glowvox;
using namespace glowvox::test;
using nlohmann::json;

namespace {

// What stream says when it has played all of it.
std::string said_while_playing(const Utterance& u, JackCard& card) {
  Child child(running("stream", {"--mel", "-", "--device", "system"}), card.environment());
  REQUIRE(card.listen());
  REQUIRE(child.write(u.mel.values.data(), u.mel.values.size() * sizeof(float)));
  child.end_input();
  REQUIRE(child.wait(20.0) == 0);
  return child.err();
}

}  // namespace

TEST_CASE("JACK: what is heard is what synthesis gives, sample for sample") {
  JackCard card(kRate);
  if (!card.missing().empty()) {
    MESSAGE("skipped: " << card.missing());
    return;
  }
  const Utterance u(90);
  CHECK(said_while_playing(u, card).empty());
  check_heard(card.heard(), u.samples);
}

TEST_CASE("JACK: a server with another rate gets resampled sound") {
  JackCard card(48000, 512);
  if (!card.missing().empty()) {
    MESSAGE("skipped: " << card.missing());
    return;
  }
  const Utterance u(60);
  CHECK(contains(said_while_playing(u, card), "plays at 48000 Hz, resampled from 22050 Hz"));
  const std::vector<float> expected = audio::resample(u.samples, kRate, 48000);
  const std::vector<float> heard = card.heard();
  const auto begin = std::find_if(heard.begin(), heard.end(), [](float x) { return x != 0.0F; });
  const auto offset =
      std::find_if(expected.begin(), expected.end(), [](float x) { return x != 0.0F; }) -
      expected.begin();
  REQUIRE(heard.end() - begin > static_cast<std::ptrdiff_t>(expected.size()) - offset);
  double worst = 0.0;
  for (std::size_t i = static_cast<std::size_t>(offset); i < expected.size(); ++i)
    worst = std::max(worst, std::fabs(static_cast<double>(expected[i]) -
                                      begin[static_cast<std::ptrdiff_t>(i) - offset]));
  CHECK(worst < 1e-6);
}

TEST_CASE("JACK: Ctrl-C fades out and leaves within 100 ms") {
  JackCard card(kRate, 64);
  if (!card.missing().empty()) {
    MESSAGE("skipped: " << card.missing());
    return;
  }
  const Utterance u(300);
  double least = 1e9;
  for (int attempt = 0; attempt < 5 && least > 0.1; ++attempt) {
    Child child(running("play", {u.path, "--device", "system"}), card.environment());
    REQUIRE(card.listen());
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const auto start = Clock::now();
    child.signal(SIGINT);
    CHECK(child.wait(5.0) == 130);
    least = std::min(least, seconds_since(start));
  }
  MESSAGE(fmt::format("left after {:.0f} ms", 1e3 * least));
  CHECK(least <= 0.1 * kSlower);
  const double fade = largest(u.samples) * 3.1416 / 2.0 / (0.005 * kRate);
  CHECK(largest(card.heard()) > 0.0);
  CHECK(steepest(card.heard()) < steepest(u.samples) + fade);
}

TEST_CASE("JACK: a server that dies is an error, or its successor is waited for") {
  JackCard card(kRate);
  if (!card.missing().empty()) {
    MESSAGE("skipped: " << card.missing());
    return;
  }
  const Utterance u(250);
  Child child(running("play", {u.path, "--device", "system"}), card.environment());
  Child patient(running("play", {u.path, "--device", "system", "--reconnect"}), card.environment());
  REQUIRE(card.listen());
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  card.kill_server();
  CHECK(child.wait(5.0) == 1);
  CHECK(contains(child.err(), "system: the device is gone"));
  REQUIRE(eventually(5.0, [&patient] { return contains(patient.err(), "waiting for it"); }));
  card.start_server();
  REQUIRE(patient.wait(20.0) == 0);
  CHECK(json::parse(patient.out())["reconnects"] == 1);
}

TEST_CASE("JACK: what is said into a microphone comes out as its copy") {
  JackCard card(kRate);
  if (!card.missing().empty()) {
    MESSAGE("skipped: " << card.missing());
    return;
  }
  const std::vector<float> speech =
      audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
  const TemporaryDirectory folder;
  Child child(running("stream",
                      {"--mic", "system", "--device", "system", "--tee", folder.file("copy.wav")}),
              card.environment());
  REQUIRE(card.listen());
  REQUIRE(card.speak(speech));
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  child.signal(SIGINT);
  REQUIRE(child.wait(5.0) == 130);
  // The copy's mel is the speech's, some frames later.
  const MelSpec spec = Vocoder::load(kShippedModel).mel();
  const std::vector<float> copy = audio::read_audio(folder.file("copy.wav")).samples;
  const Mel said = log_mel(speech.data(), static_cast<std::int64_t>(speech.size()), spec);
  const Mel heard = log_mel(copy.data(), static_cast<std::int64_t>(copy.size()), spec);
  double nearest = 1e9;
  for (std::int64_t lag = 0; lag + 100 < heard.frames; ++lag) {
    double sum = 0.0;
    const std::int64_t values = std::min(said.frames, heard.frames - lag) * said.bands;
    for (std::int64_t i = 0; i < values; ++i)
      sum += std::fabs(said.values[static_cast<std::size_t>(i)] -
                       heard.values[static_cast<std::size_t>(i + lag * said.bands)]);
    nearest = std::min(nearest, sum / static_cast<double>(values));
  }
  CHECK(nearest < 0.8);  // nats; unrelated speech is 2 away
  CHECK(largest(card.heard()) > 0.01);
}

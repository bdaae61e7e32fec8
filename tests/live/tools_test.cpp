// SPDX-License-Identifier: MIT
// glowvox stream without a sound card: files, pipes, sockets, and what is wrong with them.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmath>
#include <cstring>

#include "arrays/mel_file.hpp"
#include "audio/sound_file.hpp"
#include "live/utterance.hpp"

using namespace glowvox;
using namespace glowvox::test;
using nlohmann::json;

namespace {

// No JACK server. ALSA's cards cannot be hidden: there are none where tests usually run.
const Variables kNoCards = {{"JACK_NO_START_SERVER", "1"},
                            {"JACK_DEFAULT_SERVER", "glowvox-test-none"}};

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> offline(const Utterance& u) {
  audio::write_audio(u.folder.file("offline.wav"), u.samples, kRate);
  return audio::read_audio(u.folder.file("offline.wav")).samples;
}

struct Ran {
  int status = -1;
  std::string out, err;
};

// glowvox stream with input on its standard input.
Ran stream(const std::vector<std::string>& options, const std::string& input) {
  Child child(running("stream", options), kNoCards);
  child.write(input.data(), input.size());
  child.end_input();
  const int status = child.wait(20.0);
  return {status, child.out(), child.err()};
}

}  // namespace

TEST_CASE("stream: standard input to a file") {
  const Utterance u(50);
  const std::string out = u.folder.file("out.wav");
  const Ran ran = stream({"--mel", "-", "-o", out}, bytes_of(u.mel.values));
  REQUIRE(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK(audio::read_audio(out).samples == offline(u));
  CHECK(json::parse(ran.out)["frames"] == 50);
  CHECK(json::parse(ran.out)["first_sound_ms"].get<double>() > 0.0);
}

TEST_CASE("stream: raw samples on standard output") {
  const Utterance u(30);
  for (const char* format : {"f32le", "s16le"}) {
    CAPTURE(format);
    Child child({GLOWVOX_BINARY, "stream", "--model", kShippedModel, "--mel", u.path, "-o", "-",
                 "--raw", format, "--corrections", "0"},
                kNoCards);
    REQUIRE(child.wait(20.0) == 0);
    CHECK(contains(child.err(), "30 frames"));  // the summary leaves the sound alone
    CHECK(contains(child.err(), "standard output: raw samples, 22050 Hz, mono, "));
    CHECK(contains(child.err(), "ffmpeg -f " + std::string(format) + " -ar 22050"));
    const std::string bytes = child.out();
    std::vector<float> samples;
    if (std::string(format) == "f32le") {
      CHECK(bytes == bytes_of(u.samples));
      continue;
    }
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
      std::int16_t value = 0;
      std::memcpy(&value, &bytes[i], sizeof value);
      samples.push_back(static_cast<float>(value) / 32768.0F);
    }
    CHECK(samples == offline(u));
  }
}

TEST_CASE("stream: sound from standard input, to standard output with a header") {
  const TemporaryDirectory folder;
  const std::string speech = std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav";
  for (const char* format : {"wav", "flac"}) {
    CAPTURE(format);
    Child child({GLOWVOX_BINARY, "stream", "--model", kShippedModel, "--wav", "-", "-o", "-",
                 "--format", format},
                kNoCards);
    const std::string bytes = read_file(speech);
    child.write(bytes.data(), bytes.size());
    child.end_input();
    REQUIRE(child.wait(20.0) == 0);
    write_file(folder.file("out"), child.out());
    CHECK(audio::read_audio(folder.file("out")).samples.size() == 44100);
  }
}

TEST_CASE("stream: a reader that goes away ends it quietly") {
  const Utterance u(2000);
  for (const char* format : {"raw", "flac"}) {
    CAPTURE(format);
    Child child({"bash", "-c",
                 std::string(GLOWVOX_BINARY) + " stream --model " + kShippedModel + " --mel " +
                     u.path + " --corrections 0 -o - --format " + format +
                     " | head -c 100 >/dev/null\nexit ${PIPESTATUS[0]}"},
                kNoCards);
    CHECK(child.wait(60.0) == 141);
    CHECK(!contains(child.err(), "error"));
    CHECK(!contains(child.err(), "frames"));
  }
}

TEST_CASE("stream: a recording analysed on the fly is synth's copy of it") {
  const TemporaryDirectory folder;
  const std::string speech = std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s_24k.wav";
  for (const char* tool : {"synth", "stream"}) {
    // Of themselves the two may choose different precisions.
    Child child({GLOWVOX_BINARY, tool, "--model", kShippedModel, "--precision", "fp32", "--wav",
                 speech, "-o", folder.file(std::string(tool) + ".wav")},
                kNoCards);
    REQUIRE(child.wait(20.0) == 0);
  }
  CHECK(read_file(folder.file("stream.wav")) == read_file(folder.file("synth.wav")));
}

TEST_CASE("stream: a socket that stays, until Ctrl-C") {
  const Utterance u(20);
  const std::string path = u.folder.file("voice.sock"), out = u.folder.file("out.wav");
  Child child(running("stream", {"--listen", path, "-o", out}), kNoCards);
  REQUIRE(eventually(10.0, [&child] { return contains(child.err(), "listening on"); }));
  for (int utterance = 0; utterance < 2; ++utterance) {
    const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const std::string bytes = bytes_of(u.mel.values);
    REQUIRE(::write(client, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    ::close(client);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  child.signal(SIGINT);
  CHECK(child.wait(5.0) == 130);
  CHECK(!std::filesystem::exists(path));
  CHECK(json::parse(child.out())["utterances"] == 2);
  // Each as it would be alone.
  std::vector<float> twice = offline(u);
  twice.insert(twice.end(), twice.begin(),
               twice.begin() + static_cast<std::ptrdiff_t>(twice.size()));
  CHECK(audio::read_audio(out).samples == twice);
}

TEST_CASE("stream: malformed input is one clear message, and the good frames are played") {
  const Utterance u(30);
  const std::string good = bytes_of(u.mel.values), out = u.folder.file("out.wav");
  const Ran cut = stream({"--mel", "-", "-o", out}, good + std::string(100, 'x'));
  CHECK(cut.status == 1);
  CHECK(contains(
      cut.err,
      "error: mel: malformed input, 1 in all: standard input: ends within frame 30: 100 of 320 "
      "bytes (a frame is 80 bands of float32)"));
  CHECK(audio::read_audio(out).samples == offline(u));

  std::vector<float> values = u.mel.values;
  values[10 * 80 + 7] = std::nanf("");
  values[20 * 80 + 7] = 1e6F;
  const Ran wrong = stream({"--mel", "-", "-o", out}, bytes_of(values));
  CHECK(wrong.status == 1);
  CHECK(contains(wrong.err, "glowvox stream: frame 10: band 7 is not finite\n"));
  CHECK(
      contains(wrong.err, "error: mel: malformed input, 2 in all: frame 10: band 7 is not finite"));
  CHECK(audio::read_audio(out).samples.size() == offline(u).size());
  // Up to the damage nothing has changed.
  const std::vector<float> expected = offline(u), played = audio::read_audio(out).samples;
  CHECK(std::equal(expected.begin(), expected.begin() + 9 * 256, played.begin()));

  const Ran npy = stream({"--mel", "-", "-o", out}, read_file(u.path));
  CHECK(npy.status == 1);
  CHECK(contains(npy.err, "holds an npy file, expected raw float32 frames; give the .npy's path"));
  const Ran nothing = stream({"--mel", "-", "-o", out}, "");
  CHECK(nothing.status == 1);
  CHECK(contains(nothing.err, "error: mel: no frame came\n"));
}

TEST_CASE("stream and play: a mel that cannot be speech is stopped before it is heard") {
  const Mel speech = arrays::read_mel(std::string(GLOWVOX_SAMPLES) + "/kerstin.npy", 80);
  const TemporaryDirectory folder;
  const std::string out = folder.file("out.wav"), path = folder.file("mel.npy");
  Mel mel = speech;
  for (float& v : mel.values) v = (v + 11.5F) / 13.5F;
  const std::string bytes = bytes_of(mel.values);
  const Ran frames = stream({"--mel", "-", "-o", out}, bytes);
  CHECK(frames.status == 1);
  CHECK(contains(frames.err, "error: mel: stopped: 100% of its frames"));
  CHECK(contains(frames.err, "scaled to 0 to 1"));
  CHECK(json::parse(frames.out)["frames"] == 10);  // none of which was heard
  CHECK(!std::filesystem::exists(out));
  arrays::write_mel(path, mel);
  for (const char* tool : {"stream", "play"}) {
    std::vector<std::string> options = {path};
    if (std::string(tool) == "stream") options = {"--mel", path, "-o", out};
    Child child(running(tool, options), kNoCards);
    CHECK(child.wait(20.0) == 1);
    CHECK(contains(child.err(), "mel.npy: is no mel of speech as the model expects it"));
  }
  CHECK(!std::filesystem::exists(out));
  CHECK(stream({"--mel", "-", "-o", out, "--force"}, bytes).status == 0);
  const std::string preset = "{mean: -11.5, deviation: 13.5}";
  CHECK(stream({"--mel", "-", "-o", out, "--from-preset", preset}, bytes).status == 0);
}

TEST_CASE("stream and play: wrong usage and impossible outputs") {
  const Utterance u(10);
  const auto status_of = [&](const std::vector<std::string>& options, const std::string& message) {
    const Ran ran = stream(options, "");
    CAPTURE(ran.err);
    CHECK(contains(ran.err, message));
    return ran.status;
  };
  const std::string out = u.folder.file("out.wav");
  CHECK(status_of({"-o", out}, "expected one of them, got 0") == 2);
  CHECK(status_of({"--mel", "-", "--mic", "-o", out}, "expected one of them, got 2") == 2);
  CHECK(status_of({"--mel", "-", "-o", out, "--tee", out}, "-o takes its place") == 2);
  CHECK(status_of({"--mel", "-", "-o", out, "--latency", "-5"}, "--latency: expected 0 to") == 2);
  CHECK(status_of({"--mel", "-", "-o", out, "--live"}, "--live: is about a device's clock") == 2);
  CHECK(status_of({"--mel", u.path, "--live"}, "--live: is for a writer that keeps") == 2);
  CHECK(status_of({"--mel", u.path, "-o", out, "--raw", "mp3"}, "--raw: mp3 not in") == 2);
  CHECK(status_of({"--mel", "-", "--once", "-o", out}, "--once: goes with --listen") == 2);
  CHECK(status_of({"--mel", "-", "-o", "-"}, "--json: standard output carries the sound") == 2);
  CHECK(status_of({"--mel", "-", "-o", u.folder.file("a.mp3")}, "use .wav, .flac or .ogg") == 1);
  CHECK(status_of({"--mel", u.folder.file("none.f32"), "-o", out}, "no such file") == 1);
  CHECK(status_of({"--mel", u.path, "-o", u.path}, "would be overwritten") == 1);
  CHECK(!std::filesystem::exists(out));
}

TEST_CASE("a machine without a sound card") {
  Child list({GLOWVOX_BINARY, "devices", "--json"}, kNoCards);
  REQUIRE(list.wait(20.0) == 0);
  CHECK(list.err().empty());
  if (!json::parse(list.out()).empty()) {
    MESSAGE("skipped: this machine has one");
    return;
  }
  Child text({GLOWVOX_BINARY, "devices"}, kNoCards);
  CHECK(text.wait(20.0) == 0);
  CHECK(text.out() == "no sound devices found\n");
  CHECK(contains(stream({"--mel", "-"}, "").err, "output device: there is none"));
  const TemporaryDirectory folder;
  CHECK(contains(stream({"--mic", "-o", folder.file("a.wav")}, "").err,
                 "input device: there is none"));
  CHECK(folder.entries() == 0);
}

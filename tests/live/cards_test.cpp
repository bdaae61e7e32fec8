// glowvox play and stream on real sound systems that are set up in software: ALSA and JACK, through
// PortAudio, with what is played captured and compared.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audio/resample.hpp"
#include "audio/wav.hpp"
#include "engine/signals.hpp"
#include "format/mel_file.hpp"
#include "glowvox/vocoder.hpp"
#include "live/alsa_card.hpp"
#include "live/jack_card.hpp"

using namespace glowvox;
using namespace glowvox::test;
using nlohmann::json;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRate = 22050;
constexpr double kHopSeconds = 256.0 / kRate;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What is synthesized, as a file and as the samples that must be heard.
struct Utterance {
  explicit Utterance(std::int64_t frames) {
    const Vocoder vocoder = Vocoder::load(kShippedModel);
    mel = speech_like_mel(vocoder.mel(), frames, 1);
    path = folder.file("mel.npy");
    format::write_mel(path, mel);
    samples = vocoder.synthesize(mel, {0.7, 1, 1});
    for (float& x : samples) x = std::clamp(x, -1.0F, 1.0F);
  }
  const float* frame(std::int64_t i) const { return &mel.values[static_cast<std::size_t>(i * 80)]; }
  TemporaryDirectory folder;
  Mel mel;
  std::string path;
  std::vector<float> samples;
};

std::vector<std::string> running(const std::string& command, std::vector<std::string> options) {
  std::vector<std::string> all = {GLOWVOX_BINARY, command, "--model", kShippedModel, "--json"};
  all.insert(all.end(), options.begin(), options.end());
  return all;
}

// Where `part` begins in x; -1: nowhere.
std::ptrdiff_t find(const std::vector<float>& x, const std::vector<float>& part) {
  const auto found = std::search(x.begin(), x.end(), part.begin(), part.end());
  return found == x.end() ? -1 : found - x.begin();
}

bool silent(const std::vector<float>& x, std::size_t begin, std::size_t end) {
  return std::all_of(x.begin() + static_cast<std::ptrdiff_t>(begin),
                     x.begin() + static_cast<std::ptrdiff_t>(end),
                     [](float v) { return v == 0.0F; });
}

// The utterance, sample for sample, in silence.
void check_heard(const std::vector<float>& heard, const std::vector<float>& samples) {
  const std::ptrdiff_t begin = find(heard, samples);
  REQUIRE(begin >= 0);
  const auto first = static_cast<std::size_t>(begin);
  CHECK(silent(heard, 0, first));
  CHECK(silent(heard, first + samples.size(), heard.size()));
}

double steepest(const std::vector<float>& x) {
  double most = 0.0;
  for (std::size_t i = 1; i < x.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(x[i]) - x[i - 1]));
  return most;
}

// Frames as an acoustic model in real time writes them: one a hop.
void write_in_time(Child* child, const Utterance& u, std::int64_t first, std::int64_t last,
                   Clock::time_point start) {
  for (std::int64_t i = first; i < last; ++i) {
    std::this_thread::sleep_until(
        start + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(static_cast<double>(i - first) * kHopSeconds)));
    REQUIRE(child->write(u.frame(i), 80 * sizeof(float)));
  }
}

// Whether a program under test has opened the card: it plays silence.
bool playing(const AlsaCard& card) {
  return eventually(10.0, [&card] { return card.heard_samples() > 0; });
}

}  // namespace

TEST_CASE("ALSA: what play gives the default device is what synthesis gives, sample for sample") {
  const Utterance u(90);
  AlsaCard card(kRate);
  const std::string tee = u.folder.file("tee.wav");
  Child child(running("play", {u.path, "--tee", tee}), card.environment());
  REQUIRE(child.wait(20.0) == 0);
  CHECK(child.err().empty());  // nothing of ALSA's, nothing of JACK's
  check_heard(card.heard(), u.samples);
  const json figures = json::parse(child.out());
  CHECK(figures["starvations"] == 0);
  CHECK(figures["frames"] == 90);
  CHECK(figures["device_latency_ms"].get<double>() > 1.0);
  CHECK(figures["model_latency_ms"].get<double>() == doctest::Approx(1e3 * kHopSeconds));
  audio::write_audio(u.folder.file("whole.wav"), u.samples, kRate);
  CHECK(read_file(tee) == read_file(u.folder.file("whole.wav")));
}

TEST_CASE("ALSA: a device that takes everything at once") {
  const Utterance u(40);
  AlsaCard card(kRate);
  Child child(running("play", {u.path, "--device", "nothing", "--latency", "1000"}),
              card.environment());
  REQUIRE(child.wait(20.0) == 0);
  CHECK(json::parse(child.out())["starvations"] == 0);
}

TEST_CASE("ALSA: the first sound comes within 30 ms of the first frame") {
  const Utterance u(40);
  for (const bool in_time : {false, true}) {
    CAPTURE(in_time);
    AlsaCard card(kRate);
    // A model faster than real time fills the usual buffer at once; one in real time wants a small
    // one.
    Child child(
        running("stream", {"--mel", "-", "--device", "card", "--latency", in_time ? "10" : "80"}),
        card.environment());
    REQUIRE(playing(card));
    if (in_time)
      write_in_time(&child, u, 0, u.mel.frames, Clock::now());
    else
      REQUIRE(child.write(u.mel.values.data(), u.mel.values.size() * sizeof(float)));
    child.end_input();
    REQUIRE(child.wait(20.0) == 0);
    const double first_sound_ms = json::parse(child.out())["first_sound_ms"];
    MESSAGE(fmt::format("first sound after {:.1f} ms, frames {}", first_sound_ms,
                        in_time ? "in real time" : "at once"));
    CHECK(first_sound_ms > 0.0);
    CHECK(first_sound_ms <= 30.0);
  }
}

TEST_CASE("ALSA: a writer that stalls for 300 ms is one silence, and the delay is as before") {
  const Utterance u(160);
  constexpr std::int64_t kStall = 80;
  AlsaCard card(kRate);
  Child child(running("stream", {"--mel", "-", "--device", "card"}), card.environment());
  REQUIRE(playing(card));
  write_in_time(&child, u, 0, kStall, Clock::now());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  write_in_time(&child, u, kStall, u.mel.frames, Clock::now());
  child.end_input();
  REQUIRE(child.wait(20.0) == 0);
  const json figures = json::parse(child.out());
  CHECK(figures["starvations"] == 1);
  // Nothing is missing: what was made before the stall, and after it, but for the fades.
  const std::vector<float> heard = card.heard();
  const auto middle = static_cast<std::ptrdiff_t>((kStall - 1) * 256);
  const std::vector<float> before(u.samples.begin(), u.samples.begin() + middle - 200);
  const std::vector<float> after(u.samples.begin() + middle + 200, u.samples.end());
  const std::ptrdiff_t first = find(heard, before), second = find(heard, after);
  REQUIRE(first >= 0);
  REQUIRE(second > first);
  const auto gap = static_cast<double>(second - first - middle - 200) / kRate;
  MESSAGE(fmt::format("a stall of 300 ms was heard as {:.0f} ms", 1e3 * gap));
  CHECK(gap > 0.25);
  CHECK(gap < 0.36);
  // No step that the sound itself has not.
  const double fade = largest(u.samples) * 3.1416 / 2.0 / (0.005 * kRate);
  CHECK(steepest(heard) < steepest(u.samples) + fade);
}

TEST_CASE("ALSA: clocks that differ by one percent: no silence, whichever is faster") {
  const Utterance u(600);
  for (const double speed : {1.01, 0.99}) {
    CAPTURE(speed);
    AlsaCard card(kRate, speed);
    Child child(running("stream", {"--mel", "-", "--device", "card", "--live"}),
                card.environment());
    REQUIRE(playing(card));
    write_in_time(&child, u, 0, u.mel.frames, Clock::now());
    child.end_input();
    REQUIRE(child.wait(20.0) == 0);
    const json figures = json::parse(child.out());
    MESSAGE(fmt::format("a device {}: {} frames skipped, {} repeated", speed,
                        figures["frames_skipped"].get<int>(),
                        figures["frames_repeated"].get<int>()));
    CHECK(figures["starvations"] == 0);
    CHECK(figures[speed > 1.0 ? "frames_repeated" : "frames_skipped"].get<int>() > 0);
    CHECK(figures[speed > 1.0 ? "frames_skipped" : "frames_repeated"] == 0);
  }
}

TEST_CASE("ALSA: Ctrl-C fades out and leaves within 100 ms") {
  const Utterance u(300);
  double least = 1e9;
  // A machine that is busy with something else is late: one of three must do.
  for (int attempt = 0; attempt < 3 && least > 0.1; ++attempt) {
    AlsaCard card(kRate);
    const std::string tee = u.folder.file("tee.wav");
    Child child(running("play", {u.path, "--latency", "80", "--tee", tee}), card.environment());
    REQUIRE(playing(card));
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    const auto start = Clock::now();
    child.signal(SIGINT);
    CHECK(child.wait(5.0) == 130);
    least = std::min(least, seconds_since(start));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::vector<float> heard = card.heard();
    const double fade = largest(u.samples) * 3.1416 / 2.0 / (0.005 * kRate);
    CHECK(largest(heard) > 0.0);
    CHECK(steepest(heard) < steepest(u.samples) + fade);
    CHECK(heard.back() == 0.0F);
    CHECK(json::parse(child.out())["interrupted"] == true);
    CHECK(audio::read_audio(tee).samples.size() > kRate / 2);
  }
  MESSAGE(fmt::format("left after {:.0f} ms", 1e3 * least));
  CHECK(least <= 0.1);
}

TEST_CASE("ALSA: a device that vanishes is an error, one line, and soon") {
  const Utterance u(300);
  AlsaCard card(kRate);
  Child child(running("play", {u.path, "--device", "card"}), card.environment());
  REQUIRE(playing(card));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  card.unplug();
  CHECK(child.wait(5.0) == 1);
  const std::string err = child.err();
  CHECK(contains(err, "glowvox play: error: ALSA: card: the device is gone"));
  CHECK(std::count(err.begin(), err.end(), '\n') == 1);
}

TEST_CASE("ALSA: --reconnect waits for the device and goes on") {
  const Utterance u(200);
  AlsaCard card(kRate);
  Child child(running("play", {u.path, "--device", "card", "--reconnect"}), card.environment());
  REQUIRE(playing(card));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  card.unplug();
  REQUIRE(eventually(5.0, [&child] { return contains(child.err(), "waiting for it"); }));
  card.plug();
  REQUIRE(child.wait(20.0) == 0);
  CHECK(contains(child.err(), "is back"));
  CHECK(json::parse(child.out())["reconnects"] == 1);
  // The end is heard, which lies after the interruption.
  CHECK(find(card.heard(), {u.samples.end() - 10000, u.samples.end()}) > 0);
}

TEST_CASE("devices: listed and chosen by index, by part of a name, or not at all") {
  const Utterance u(10);
  AlsaCard card(kRate);
  Child list({GLOWVOX_BINARY, "devices", "--json"}, card.environment());
  REQUIRE(list.wait(20.0) == 0);
  CHECK(list.err().empty());
  std::string index;
  bool has_default = false;
  for (const json& d : json::parse(list.out())) {
    if (d["default_output"] == true) has_default = d["name"] == "default";
    if (d["name"] != "card") continue;
    index = std::to_string(d["index"].get<int>());
    CHECK(d["host_api"] == "ALSA");
    CHECK(d["outputs"].get<int>() > 1);
    CHECK(d["low_output_ms"].get<double>() <= d["high_output_ms"].get<double>());
    const std::vector<int> rates = d["rates_hz"];
    CHECK(std::count(rates.begin(), rates.end(), 48000) == 1);
  }
  CHECK(has_default);
  REQUIRE(!index.empty());
  Child text({GLOWVOX_BINARY, "devices"}, card.environment());
  REQUIRE(text.wait(20.0) == 0);
  CHECK(contains(text.out(), "ALSA: card"));
  for (const std::string& choice : {index, std::string("CAR"), std::string("alsa: card")}) {
    CAPTURE(choice);
    Child child(running("play", {u.path, "--device", choice}), card.environment());
    CHECK(child.wait(20.0) == 0);
  }
  Child none(running("play", {u.path, "--device", "theremin"}), card.environment());
  CHECK(none.wait(20.0) == 1);
  CHECK(contains(none.err(), "none is called 'theremin'; glowvox devices lists them"));
  Child several(running("play", {u.path, "--device", "alsa"}), card.environment());
  CHECK(several.wait(20.0) == 1);
  CHECK(contains(several.err(), "'alsa' fits several: ALSA: card"));
}

TEST_CASE("JACK: what is heard is what synthesis gives, sample for sample") {
  JackCard card(kRate);
  if (!card.missing().empty()) {
    MESSAGE("skipped: " << card.missing());
    return;
  }
  const Utterance u(90);
  Child child(running("stream", {"--mel", "-", "--device", "system"}), card.environment());
  REQUIRE(card.listen());
  REQUIRE(child.write(u.mel.values.data(), u.mel.values.size() * sizeof(float)));
  child.end_input();
  REQUIRE(child.wait(20.0) == 0);
  CHECK(child.err().empty());
  check_heard(card.heard(), u.samples);
}

TEST_CASE("JACK: a server with another rate gets resampled sound") {
  JackCard card(48000, 512);
  if (!card.missing().empty()) {
    MESSAGE("skipped: " << card.missing());
    return;
  }
  const Utterance u(60);
  Child child(running("stream", {"--mel", "-", "--device", "system"}), card.environment());
  REQUIRE(card.listen());
  REQUIRE(child.write(u.mel.values.data(), u.mel.values.size() * sizeof(float)));
  child.end_input();
  REQUIRE(child.wait(20.0) == 0);
  CHECK(contains(child.err(), "plays at 48000 Hz, resampled from 22050 Hz"));
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

TEST_CASE("JACK: a server that dies is an error; --reconnect waits for the next one") {
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

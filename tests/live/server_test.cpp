// SPDX-License-Identifier: MIT
// Many clients of one server, good and bad.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <thread>

#include "engine/signals.hpp"
#include "live/latency_histogram.hpp"
#include "live/listener.hpp"
#include "live/stream_client.hpp"
#include "live/stream_server.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::test;
using live::ServerOptions;

namespace {

const Vocoder& vocoder() {
  static const Vocoder loaded = Vocoder::load(kShippedModel, Precision::kFloat32);
  return loaded;
}

ServerOptions options_at(const std::string& address) {
  ServerOptions o;
  o.address = address;
  o.synthesis = uncorrected(0.7, 5, 1);
  o.threads = 2;
  return o;
}

std::vector<float> sound_of(const Mel& mel) {
  std::vector<float> samples = vocoder().synthesize(mel, uncorrected(0.7, 5, 1));
  for (float& x : samples) x = std::clamp(x, -1.0F, 1.0F);
  return samples;
}

// A server in a thread of its own.
class Serving {
 public:
  explicit Serving(const ServerOptions& options) : options_(options) {
    thread_ = std::thread([this] {
      report_ = live::serve(
          vocoder(), options_, [this](const std::string& at) { say(&address_, at); },
          [this](const std::string& text) { say(&notices_, text + "\n"); }, interrupted_);
    });
    while (address().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~Serving() { end(); }
  std::string address() { return copy(address_); }
  std::string notices() { return copy(notices_); }
  // Whether a notice comes.
  bool says(const std::string& text) {
    for (int i = 0; i < 5000 && !contains(notices(), text); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return contains(notices(), text);
  }
  const live::ServerReport& end(bool interrupt = true) {
    if (interrupt) interrupted_ = true;
    if (thread_.joinable()) thread_.join();
    return report_;
  }

 private:
  void say(std::string* to, const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    *to += text;
  }
  std::string copy(const std::string& from) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return from;
  }

  const ServerOptions options_;
  std::atomic<bool> interrupted_{false};
  std::mutex mutex_;
  std::string address_, notices_;
  live::ServerReport report_;
  std::thread thread_;
};

// A client that sends its mel in odd pieces, and what it gets.
std::vector<float> talk(const std::string& address, const Mel& mel, int pause_us) {
  StreamClient client(address);
  std::vector<float> got;
  std::thread reader([&] { got = client.receive_samples<float>(); });
  const char* bytes = reinterpret_cast<const char*>(mel.values.data());
  const std::size_t all = mel.values.size() * sizeof(float);
  for (std::size_t at = 0, piece = 1; at < all; at += piece) {
    piece = std::min(all - at, 1 + (at * 7 + 311) % 900);
    if (!client.send(bytes + at, piece)) break;
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
  }
  client.end();
  reader.join();
  return got;
}

}  // namespace

TEST_CASE("clients at once each get what their mel gives alone") {
  const TemporaryDirectory folder;
  const std::string socket = folder.file("socket");
  for (const auto& [address, threads] :
       {std::pair(socket, 1), {socket, 3}, {std::string("127.0.0.1:0"), 2}}) {
    CAPTURE(threads);
    ServerOptions options = options_at(address);
    options.threads = threads;
    Serving server(options);
    constexpr int kClients = 20;  // so many that threads share them out
    std::vector<std::thread> clients;
    std::vector<std::vector<float>> got(kClients);
    std::vector<Mel> mels;
    for (int i = 0; i < kClients; ++i)
      mels.push_back(speech_like_mel(vocoder().mel(), 5 + 3 * i, static_cast<std::uint64_t>(i)));
    for (std::size_t i = 0; i < kClients; ++i)
      clients.emplace_back(
          [&, i] { got[i] = talk(server.address(), mels[i], static_cast<int>(i % 3) * 500); });
    for (std::thread& client : clients) client.join();
    for (std::size_t i = 0; i < kClients; ++i) {
      CAPTURE(i);
      CHECK(got[i] == sound_of(mels[i]));
    }
    const live::ServerReport& report = server.end();
    CHECK(report.clients == kClients);
    CHECK(report.completed == kClients);
    CHECK(report.dropped == 0);
    CHECK(report.interrupted);
    CHECK(report.work.frames == report.work.latency.count());
    CHECK(report.work.frames == 20 * 5 + 3 * 190);
    CHECK(report.work.most_together > 1);
    CHECK(report.work.latency.percentile_ms(0.5) > 0.0);
  }
  struct stat status {};
  CHECK(::stat(socket.c_str(), &status) != 0);  // removed
}

TEST_CASE("samples of 16 bits are the same, rounded") {
  const TemporaryDirectory folder;
  ServerOptions options = options_at(folder.file("socket"));
  options.reply = live::RawFormat::kS16;
  options.once = true;
  Serving server(options);
  const Mel mel = speech_like_mel(vocoder().mel(), 20, 3);
  StreamClient(server.address()).close();  // somebody who only looks
  StreamClient client(server.address());
  REQUIRE(client.send(mel.values));
  client.end();
  const auto got = client.receive_samples<std::int16_t>();
  const std::vector<float> expected = sound_of(mel);
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    REQUIRE(std::fabs(got[i] - 32768.0 * static_cast<double>(expected[i])) <= 1.0);
  const live::ServerReport& report = server.end(false);  // once: it leaves by itself
  CHECK(report.clients == 1);
  CHECK_FALSE(report.interrupted);
}

TEST_CASE("a client that misbehaves is dropped with a line, and no other one notices") {
  const TemporaryDirectory folder;
  ServerOptions options = options_at(folder.file("socket"));
  options.idle_seconds = 0.5;
  options.most_frames = 16;
  Serving server(options);
  const std::string at = server.address();
  const std::size_t bands = 80;
  const Mel mel = speech_like_mel(vocoder().mel(), 150, 4);
  std::vector<float> good;
  std::thread well_behaved([&] { good = talk(at, mel, 1000); });

  SUBCASE("not finite") {
    StreamClient bad(at);
    std::vector<float> frames(mel.values.begin(), mel.values.begin() + 3 * bands);
    frames[2 * bands + 7] = std::nanf("");
    REQUIRE(bad.send(frames));
    bad.receive_all();  // until the connection ends
    CHECK(server.says("was dropped: frame 2: band 7 is not finite"));
  }
  SUBCASE("no sound's") {
    StreamClient bad(at);
    REQUIRE(bad.send(std::vector<float>(bands, 90.0F)));
    bad.receive_all();
    CHECK(server.says("was dropped: frame 0: band 0 is 90, expected"));
  }
  SUBCASE("half a frame") {
    StreamClient bad(at);
    REQUIRE(bad.send(mel.values.data(), 6 * bands));
    bad.end();
    bad.receive_all();
    CHECK(server.says("was dropped: ended within frame 1: 160 of 320 bytes"));
  }
  SUBCASE("says nothing") {
    StreamClient bad(at);
    bad.receive_all();
    CHECK(server.says("was dropped: sent no frame for 0.5 s"));
  }
  SUBCASE("dribbles") {
    StreamClient bad(at);
    for (int i = 0; i < 200 && bad.send("a", 1); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(server.says("was dropped: sent no frame for 0.5 s"));
  }
  SUBCASE("goes away") {
    StreamClient bad(at);
    REQUIRE(bad.send(mel.values.data(), 40 * bands * sizeof(float)));
    bad.close();
    CHECK(server.says("was dropped: "));
  }
  SUBCASE("never reads") {
    StreamClient bad(at);
    std::thread writer([&] {
      for (int i = 0; i < 20; ++i)
        if (!bad.send(mel.values)) break;
    });
    CHECK(server.says("was dropped: took no samples for 0.5 s"));
    writer.join();
  }
  SUBCASE("floods") {
    StreamClient fast(at);
    std::thread writer([&] {
      for (int i = 0; i < 2; ++i) fast.send(mel.values);
      fast.end();
    });
    CHECK(fast.receive_all().size() == 4 * 256 * 300);
    writer.join();
  }
  well_behaved.join();
  CHECK(good == sound_of(mel));
}

TEST_CASE("more clients than are allowed are turned away, and may come again") {
  const TemporaryDirectory folder;
  ServerOptions options = options_at(folder.file("socket"));
  options.most_clients = 1;
  Serving server(options);
  const Mel mel = speech_like_mel(vocoder().mel(), 4, 4);
  {
    StreamClient first(server.address());
    REQUIRE(first.send(mel.values.data(), 320));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    StreamClient second(server.address());
    CHECK(second.receive_all().empty());
    CHECK(server.says("turned away: there are 1 already (--clients)"));
    first.end();
    CHECK(first.receive_samples<float>().size() == 256);
  }
  for (int i = 0; i < 20; ++i) {
    const std::vector<float> got = talk(server.address(), mel, 0);
    if (got.empty()) continue;  // the first one's end has not been seen yet
    CHECK(got == sound_of(mel));
    break;
  }
  CHECK(server.end().turned_away >= 1);
}

TEST_CASE("addresses") {
  CHECK(live::is_tcp("127.0.0.1:7000"));
  CHECK(live::is_tcp("localhost:0"));
  CHECK(live::is_tcp("[::1]:7000"));
  CHECK_FALSE(live::is_tcp("/tmp/voice:7000"));
  CHECK_FALSE(live::is_tcp("voice.sock"));
  CHECK_FALSE(live::is_tcp("voice:sock"));
  CHECK_FALSE(live::is_tcp(":7000"));
  const auto refused = [](const std::string& address) {
    return error_of([&] { live::Listener listener(address); });
  };
  CHECK(contains(refused("0.0.0.0:0"), "is an address that other machines can reach"));
  CHECK(contains(refused("0.0.0.0:0"), "--public allows that"));
  CHECK(contains(refused("no-such-host.invalid:1"), "no-such-host.invalid:1: unknown"));
  CHECK(contains(refused("127.0.0.1:99999"), "expected a port from 0 to 65535"));
  const live::Listener anybody("0.0.0.0:0", true), here("127.0.0.1:0");
  CHECK(anybody.address() != "0.0.0.0:0");
  CHECK(contains(refused(here.address()), "cannot listen: Address already in use"));
}

TEST_CASE("percentiles of many times are right to a hundredth") {
  live::LatencyHistogram times;
  CHECK(times.percentile_ms(0.5) == 0.0);
  for (int i = 1; i <= 1000; ++i) times.add(i);
  CHECK(times.percentile_ms(0.5) == doctest::Approx(500.0).epsilon(0.011));
  CHECK(times.percentile_ms(0.99) == doctest::Approx(990.0).epsilon(0.011));
  CHECK(times.percentile_ms(1.0) == 1000.0);
  CHECK(times.most_ms() == 1000.0);
  times.add(0.0);
  times.add(1e9);
  CHECK(times.count() == 1002);
  CHECK(times.percentile_ms(1.0) <= 1e9);
}

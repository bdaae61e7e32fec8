// SPDX-License-Identifier: MIT
// glowvox stream --reply under a load: clients that each send a frame when its time comes and play
// what they get. GLOWVOX_LOAD_CLIENTS: how many (8); most: 150, or nearly as many as short runs
// find that this machine carries. GLOWVOX_LOAD_SECONDS: how long (5). GLOWVOX_LOAD_BUFFER_MS: sound
// that a client holds before it plays (100). GLOWVOX_LOAD_OPTIONS: of glowvox stream, apart from
// --listen, --reply and --clients.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "engine/signals.hpp"
#include "live/child.hpp"
#include "live/latency_histogram.hpp"
#include "live/stream_client.hpp"

using namespace glowvox;
using namespace glowvox::test;

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kGoal = 150;
constexpr double kShortSeconds = 6.0;   // of a run that finds out how many clients are carried
constexpr double kShareOfShort = 0.85;  // of those, for a long run
constexpr double kHopSeconds = 256.0 / 22050.0;
constexpr double kStandstillMs = 40.0;  // so late is the test itself: nobody had the machine
constexpr int kStartClients = 8;

std::string setting(const char* name, const char* usual) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : usual;
}

// A client that plays: what it has got by when.
struct Player {
  std::optional<StreamClient> connection;
  Clock::time_point begin;                 // when its frame 0 is due
  std::int64_t sent = 0;                   // frames
  std::size_t part = 0;                    // bytes of the next one
  std::size_t bytes = 0;                   // received
  std::int64_t answered = 0;               // frames whose samples have come
  std::vector<Clock::time_point> sent_at;  // of every frame
  std::optional<Clock::time_point> plays;  // sample 0
  std::int64_t underruns = 0;
  bool ended = false;
};

class Load {
 public:
  Load(const std::string& address, const Mel& mel, int clients, double seconds, double buffer_ms)
      : mel_(mel),
        frames_(static_cast<std::int64_t>(seconds / kHopSeconds)),
        buffer_(buffer_ms / 1e3),
        players_(static_cast<std::size_t>(clients)) {
    const auto start = Clock::now() + std::chrono::milliseconds(20);
    for (std::size_t i = 0; i < players_.size(); ++i) {
      players_[i].connection.emplace(address);
      players_[i].sent_at.reserve(static_cast<std::size_t>(frames_));
      // Frames of all clients are spread over a hop, those of one come evenly.
      players_[i].begin = start + in_clock(static_cast<double>(i) * kHopSeconds / clients);
    }
  }

  void run() {
    std::vector<pollfd> polled(players_.size());
    std::size_t open = players_.size();
    while (open > 0) {
      Clock::time_point next = Clock::now() + std::chrono::milliseconds(50);
      for (Player& p : players_) next = std::min(next, send_due(&p));
      for (std::size_t i = 0; i < players_.size(); ++i)
        polled[i] = {players_[i].ended ? -1 : players_[i].connection->descriptor(), POLLIN, 0};
      const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(next - Clock::now());
      const timespec timeout{0, std::max<std::int64_t>(0, wait.count()) * 1000};
      ::ppoll(polled.data(), polled.size(), &timeout, nullptr);
      for (std::size_t i = 0; i < players_.size(); ++i)
        if (polled[i].revents != 0 && !receive(&players_[i])) --open;
    }
  }

  std::int64_t frames() const { return frames_; }
  std::int64_t underruns() const {
    std::int64_t all = 0;
    for (const Player& p : players_) all += p.underruns;
    return all;
  }
  bool complete() const {
    return std::all_of(players_.begin(), players_.end(), [this](const Player& p) {
      return p.bytes == static_cast<std::size_t>(frames_) * 256 * sizeof(float);
    });
  }
  const live::LatencyHistogram& latency() const { return latency_; }
  double latest_ms() const { return latest_ms_; }
  std::int64_t standstills() const { return standstills_; }

 private:
  static Clock::duration in_clock(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
  }

  // Sends what is due; when the next frame is.
  Clock::time_point send_due(Player* p) {
    for (; p->sent < frames_; ++p->sent) {
      const auto due = p->begin + in_clock(static_cast<double>(p->sent) * kHopSeconds);
      const auto now = Clock::now();
      if (now < due) return due;
      if (static_cast<std::int64_t>(p->sent_at.size()) == p->sent) {
        const double late_ms = 1e3 * Seconds(now - due).count();
        latest_ms_ = std::max(latest_ms_, late_ms);
        standstills_ += late_ms > kStandstillMs;
        p->sent_at.push_back(now);
      }
      if (!send_frame(p)) return now + std::chrono::milliseconds(1);  // the server has no room
      if (p->sent + 1 == frames_) p->connection->end();
    }
    return Clock::now() + std::chrono::milliseconds(50);
  }

  // Whether all of it was taken.
  bool send_frame(Player* p) {
    const std::size_t size = static_cast<std::size_t>(mel_.bands) * sizeof(float);
    const auto at = static_cast<std::size_t>(p->sent % mel_.frames) * size;
    const char* frame = reinterpret_cast<const char*>(mel_.values.data()) + at;
    const ssize_t taken = ::send(p->connection->descriptor(), frame + p->part, size - p->part,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    REQUIRE((taken > 0 || errno == EAGAIN));
    p->part = (p->part + static_cast<std::size_t>(std::max<ssize_t>(0, taken))) % size;
    return taken > 0 && p->part == 0;
  }

  // Whether more will come.
  bool receive(Player* p) {
    char part[1 << 14];
    const ssize_t got = ::recv(p->connection->descriptor(), part, sizeof part, 0);
    if (got <= 0) {
      p->ended = true;
      return false;
    }
    const auto now = Clock::now();
    // The first of these samples is due when all before have been played; who was late goes on
    // later.
    const auto before = static_cast<double>(p->bytes / sizeof(float));
    if (!p->plays) p->plays = now + in_clock(buffer_);
    const auto due = *p->plays + in_clock(before / 22050.0);
    if (now > due) {
      ++p->underruns;
      *p->plays += now - due;
    }
    p->bytes += static_cast<std::size_t>(got);
    // A frame's own samples, less the overlap, are there with the frame: 256 for each but the
    // first.
    while (p->answered < p->sent &&
           p->bytes >= static_cast<std::size_t>(p->answered) * 256 * sizeof(float)) {
      if (p->answered > 0)
        latency_.add(1e3 *
                     Seconds(now - p->sent_at[static_cast<std::size_t>(p->answered)]).count());
      ++p->answered;
    }
    return true;
  }

  const Mel& mel_;
  const std::int64_t frames_;
  const double buffer_;
  std::vector<Player> players_;
  live::LatencyHistogram latency_;
  double latest_ms_ = 0.0;
  std::int64_t standstills_ = 0;
};

}  // namespace

namespace {

struct Setting {
  double seconds = 0.0, buffer_ms = 0.0;
  std::vector<std::string> options;
};

// What a server and its clients make of each other.
struct Outcome {
  int clients = 0;
  std::int64_t frames = 0, underruns = 0, standstills = 0;
  double latest_ms = 0.0;
  bool complete = false;
  live::LatencyHistogram latency;
  nlohmann::json server;  // its own figures

  bool good() const { return complete && underruns <= standstills; }
  std::string text(const Setting& s) const {
    return fmt::format(
        "{} clients, {:g} s, {:g} ms held before playing: {} underruns; from a frame to its "
        "samples {:.2f} ms (99%: {:.2f}, 99.9%: {:.2f}, most {:.2f}); a step {:.2f} ms (99.9%: "
        "{:.2f}), at most {} frames; a frame was sent up to {:.1f} ms late, {} times more than "
        "{:.0f}",
        clients, s.seconds, s.buffer_ms, underruns, latency.percentile_ms(0.5),
        latency.percentile_ms(0.99), latency.percentile_ms(0.999), latency.most_ms(),
        server["step_p50_ms"].get<double>(), server["step_p99_9_ms"].get<double>(),
        server["most_frames_in_a_step"].get<int>(), latest_ms, standstills, kStandstillMs);
  }
};

Outcome serve(const Mel& mel, int clients, const Setting& s) {
  const TemporaryDirectory folder;
  const std::string address = folder.file("socket");
  std::vector<std::string> command = {GLOWVOX_BINARY,
                                      "stream",
                                      "--model",
                                      kShippedModel,
                                      "--listen",
                                      address,
                                      "--reply",
                                      "f32",
                                      "--json",
                                      "--clients",
                                      std::to_string(clients + kStartClients)};
  command.insert(command.end(), s.options.begin(), s.options.end());
  Child child(command, {});
  REQUIRE(eventually(20.0, [&] { return contains(child.err(), "listening on"); }));
  run_first();
  Load load(address, mel, clients, s.seconds, s.buffer_ms);
  load.run();
  child.signal(SIGINT);
  CHECK(child.wait(10.0) == 130);
  return {clients,          load.frames(),   load.underruns(), load.standstills(),
          load.latest_ms(), load.complete(), load.latency(),   nlohmann::json::parse(child.out())};
}

// Nearly as many clients as short runs have without an underrun, or the goal.
int clients_carried(const Mel& mel, Setting s) {
  s.seconds = std::min(s.seconds, kShortSeconds);
  const auto carried = [&](int clients) {
    const Outcome outcome = serve(mel, clients, s);
    MESSAGE(outcome.text(s));
    return outcome.good();
  };
  int carries = 1, fails = 2;
  while (fails < kGoal && carried(fails)) {
    carries = fails;
    fails *= 2;
  }
  if (fails >= kGoal) {
    fails = kGoal;
    if (carried(kGoal)) return kGoal;
  }
  while (fails - carries > std::max(1, carries / 12)) {
    const int middle = (carries + fails) / 2;
    (carried(middle) ? carries : fails) = middle;
  }
  const int clients = std::max(1, static_cast<int>(kShareOfShort * carries));
  MESSAGE(fmt::format("this machine carries {} clients for {:g} s, so {} in place of {}", carries,
                      s.seconds, clients, kGoal));
  return clients;
}

}  // namespace

TEST_CASE("clients in real time: no underrun, and everybody gets everything") {
  const Vocoder vocoder = Vocoder::load(kShippedModel);
  const Mel mel = speech_like_mel(vocoder.mel(), 300, 1);
  Setting s{std::atof(setting("GLOWVOX_LOAD_SECONDS", "5").c_str()),
            std::atof(setting("GLOWVOX_LOAD_BUFFER_MS", "100").c_str()),
            {}};
  std::istringstream options(setting("GLOWVOX_LOAD_OPTIONS", ""));
  for (std::string word; options >> word;) s.options.push_back(word);
  const std::string wanted = setting("GLOWVOX_LOAD_CLIENTS", "8");
  const int clients = wanted == "most" ? clients_carried(mel, s) : std::atoi(wanted.c_str());
  REQUIRE(clients > 0);

  const Outcome outcome = serve(mel, clients, s);
  MESSAGE(outcome.text(s));
  CHECK(outcome.underruns <= outcome.standstills);
  CHECK(outcome.complete);
  CHECK(outcome.server["completed"] == clients);
  CHECK(outcome.server["dropped"] == 0);
  CHECK(outcome.server["frames"] == clients * outcome.frames);
}

TEST_CASE("wrong usage of --reply is refused") {
  const auto refused = [](const std::vector<std::string>& options) {
    std::vector<std::string> command = {GLOWVOX_BINARY, "stream", "--model", kShippedModel};
    command.insert(command.end(), options.begin(), options.end());
    Child child(command, {});
    CAPTURE(options.back());
    CHECK(child.wait(20.0) == 2);
    return child.err();
  };
  CHECK(contains(refused({"--reply", "f32", "--mel", "-"}), "--reply: goes with --listen"));
  CHECK(contains(refused({"--listen", "x.sock", "--reply", "f32", "-o", "x.wav"}),
                 "nothing is played or written here"));
  CHECK(contains(refused({"--listen", "127.0.0.1:0"}), "give --reply f32 or s16, or a path"));
  CHECK(contains(refused({"--listen", "x.sock", "--reply", "f32", "--clients", "0"}),
                 "--clients: expected 1 to 10000, got 0"));
  CHECK(contains(refused({"--listen", "x.sock", "--reply", "s16", "--batch-wait", "-1"}),
                 "--batch-wait: expected 0 to 1000, got -1"));
}

// SPDX-License-Identifier: MIT
// glowvox stream --reply under a load: clients that each send a frame when its time comes and play
// what they get. GLOWVOX_LOAD_CLIENTS: how many (8); most: 150, or nearly as many as this machine
// carries. GLOWVOX_LOAD_SECONDS: how long (5). GLOWVOX_LOAD_BUFFER_MS: sound that a client holds
// before it plays (100).
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/signals.hpp"
#include "glowvox/stream_group.hpp"
#include "live/child.hpp"
#include "live/latency_histogram.hpp"
#include "live/stream_client.hpp"

using namespace glowvox;
using namespace glowvox::test;

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kGoal = 150;
constexpr double kShareOfCapacity = 0.75;  // the clients themselves need a part of the machine
constexpr double kHopSeconds = 256.0 / 22050.0;
constexpr double kStandstillMs = 40.0;  // so late is the test itself: nobody had the machine
constexpr int kStartClients = 8;

std::string setting(const char* name, const char* usual) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : usual;
}

// Streams that this machine steps in real time when it does nothing else.
double capacity(const Vocoder& vocoder, const Mel& mel) {
  StreamGroup group(vocoder, kGoal);
  std::vector<Stream> streams;
  std::vector<StreamGroup::Step> steps;
  for (int i = 0; i < kGoal; ++i) streams.push_back(group.open(uncorrected(0.7, 1, 1)));
  for (Stream& stream : streams) steps.push_back({&stream, mel.values.data(), {}});
  std::vector<double> seconds;
  for (int i = 0; i < 12; ++i) {
    const auto begin = Clock::now();
    group.step(steps.data(), steps.size());
    seconds.push_back(Seconds(Clock::now() - begin).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + 6, seconds.end());
  return kGoal * kHopSeconds / seconds[6];
}

int clients_wanted(const Vocoder& vocoder, const Mel& mel) {
  const std::string wanted = setting("GLOWVOX_LOAD_CLIENTS", "8");
  if (wanted != "most") return std::atoi(wanted.c_str());
  const double carried = capacity(vocoder, mel);
  const int clients = std::min(kGoal, static_cast<int>(kShareOfCapacity * carried));
  if (clients < kGoal)
    MESSAGE(fmt::format("this machine carries {:.0f} streams, so {} clients in place of {}",
                        carried, clients, kGoal));
  return clients;
}

// A client that plays: what it has got by when.
struct Player {
  std::optional<StreamClient> connection;
  Clock::time_point begin;                 // when its frame 0 is due
  std::int64_t sent = 0;                   // frames
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
      const double late_ms = 1e3 * Seconds(now - due).count();
      latest_ms_ = std::max(latest_ms_, late_ms);
      standstills_ += late_ms > kStandstillMs;
      p->sent_at.push_back(now);
      REQUIRE(p->connection->send(
          &mel_.values[static_cast<std::size_t>(p->sent % mel_.frames * mel_.bands)],
          static_cast<std::size_t>(mel_.bands) * sizeof(float)));
      if (p->sent + 1 == frames_) p->connection->end();
    }
    return Clock::now() + std::chrono::milliseconds(50);
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

TEST_CASE("clients in real time: no underrun, and everybody gets everything") {
  const Vocoder vocoder = Vocoder::load(kShippedModel);
  const Mel mel = speech_like_mel(vocoder.mel(), 300, 1);
  const int clients = clients_wanted(vocoder, mel);
  const double seconds = std::atof(setting("GLOWVOX_LOAD_SECONDS", "5").c_str());
  const double buffer_ms = std::atof(setting("GLOWVOX_LOAD_BUFFER_MS", "100").c_str());
  REQUIRE(clients > 0);
  const TemporaryDirectory folder;
  const std::string address = folder.file("socket");
  Child child({GLOWVOX_BINARY, "stream", "--model", kShippedModel, "--listen", address, "--reply",
               "f32", "--clients", std::to_string(clients + kStartClients), "--json"},
              {});
  REQUIRE(eventually(20.0, [&] { return contains(child.err(), "listening on"); }));

  run_first();
  Load load(address, mel, clients, seconds, buffer_ms);
  load.run();
  child.signal(SIGINT);
  CHECK(child.wait(10.0) == 130);
  const nlohmann::json figures = nlohmann::json::parse(child.out());
  const live::LatencyHistogram& latency = load.latency();
  MESSAGE(fmt::format(
      "{} clients, {:g} s, {:g} ms held before playing: {} underruns; from a frame to its samples "
      "{:.2f} ms (99%: {:.2f}, 99.9%: {:.2f}, most {:.2f}); a step {:.2f} ms (99.9%: {:.2f}), at "
      "most {} frames; a frame was sent up to {:.1f} ms late, {} times more than {:.0f}",
      clients, seconds, buffer_ms, load.underruns(), latency.percentile_ms(0.5),
      latency.percentile_ms(0.99), latency.percentile_ms(0.999), latency.most_ms(),
      figures["step_p50_ms"].get<double>(), figures["step_p99_9_ms"].get<double>(),
      figures["most_frames_in_a_step"].get<int>(), load.latest_ms(), load.standstills(),
      kStandstillMs));
  CHECK(load.underruns() <= load.standstills());
  CHECK(load.complete());
  CHECK(figures["completed"] == clients);
  CHECK(figures["dropped"] == 0);
  CHECK(figures["frames"] == clients * load.frames());
}

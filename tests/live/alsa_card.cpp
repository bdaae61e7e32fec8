// SPDX-License-Identifier: MIT
#include "live/alsa_card.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/atomic_file.hpp"
#include "core/descriptor.hpp"

namespace glowvox::test {

namespace {
constexpr int kPipeBytes = 4096;
constexpr std::size_t kFrameBytes = 2 * sizeof(float);  // both channels
}  // namespace

AlsaCard::AlsaCard(int rate_hz, double speed) : rate_hz_(rate_hz), speed_(speed) {
  REQUIRE(::mkfifo(folder_.file("fifo").c_str(), 0600) == 0);
  write_file(folder_.file("asound.conf"),
             "</usr/share/alsa/alsa.conf>\n"
             "pcm.!default { type plug slave.pcm \"card\" }\n"
             "pcm.card { type file slave.pcm \"null\" format \"raw\" file \"" +
                 folder_.file("fifo") +
                 "\" }\n"
                 "pcm.nothing { type null }\n");
  plug();
}

AlsaCard::~AlsaCard() { unplug(); }

Variables AlsaCard::environment() const {
  return {{"ALSA_CONFIG_PATH", folder_.file("asound.conf")},
          {"JACK_NO_START_SERVER", "1"},
          {"JACK_DEFAULT_SERVER", "glowvox-test-none"}};
}

void AlsaCard::plug() {
  stop_ = false;
  thread_ = std::thread([this] { run(); });
}

void AlsaCard::unplug() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

std::size_t AlsaCard::heard_samples() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return left_.size();
}

// A player that has ended leaves up to a pipe full behind, which is taken at the pace of the clock.
std::vector<float> AlsaCard::heard() const {
  const auto pipe_seconds =
      static_cast<double>(kPipeBytes) / static_cast<double>(kFrameBytes) / rate_hz_ / speed_;
  std::this_thread::sleep_for(std::chrono::duration<double>(2.0 * pipe_seconds + 0.05));
  const std::lock_guard<std::mutex> lock(mutex_);
  return left_;
}

void AlsaCard::run() {
  using Clock = std::chrono::steady_clock;
  run_first();
  const Descriptor fifo(::open(folder_.file("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ::fcntl(fifo.get(), F_SETPIPE_SZ, kPipeBytes);
  std::vector<char> bytes(kPipeBytes);
  Clock::time_point start;
  std::int64_t taken = 0;  // bytes since start
  std::size_t held = 0;    // of a sample frame that is not complete
  while (!stop_) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double elapsed =
        taken == 0 ? 1e-3 : std::chrono::duration<double>(Clock::now() - start).count();
    const auto due = static_cast<std::int64_t>(elapsed * rate_hz_ * speed_) *
                     static_cast<std::int64_t>(kFrameBytes);
    const auto room = static_cast<std::int64_t>(bytes.size() - held);
    const ssize_t got =
        ::read(fifo.get(), &bytes[held],
               static_cast<std::size_t>(std::clamp<std::int64_t>(due - taken, 0, room)));
    if (got <= 0) continue;
    if (taken == 0) start = Clock::now();
    taken += got;
    held += static_cast<std::size_t>(got);
    const std::size_t frames = held / kFrameBytes;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::size_t i = 0; i < frames; ++i) {
      float sample = 0.0F;
      std::memcpy(&sample, &bytes[i * kFrameBytes], sizeof sample);
      left_.push_back(sample);
    }
    held -= frames * kFrameBytes;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(frames * kFrameBytes), held,
                bytes.begin());
  }
}

}  // namespace glowvox::test

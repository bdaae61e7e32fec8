// SPDX-License-Identifier: MIT
#include "glowvox/playback.hpp"

#include <chrono>
#include <thread>

#include "live/player.hpp"

namespace glowvox {

namespace {
constexpr std::chrono::milliseconds kTick(2);
}

std::vector<PlaybackDevice> playback_devices() {
  const audio::SoundSystem system;
  std::vector<PlaybackDevice> devices;
  for (const audio::Device& d : system.devices())
    if (d.outputs > 0)
      devices.push_back(
          {d.index, d.host_api + ": " + d.name, d.default_output, d.rate_hz, d.low_output_ms});
  return devices;
}

struct GLOWVOX_LOCAL Playback::State {
  State(const live::PlayerOptions& options, int rate_hz) : player(options, rate_hz, interrupted) {}

  std::atomic<bool> interrupted{false};  // never: a program that wants to end calls stop
  live::Player player;
  bool begun = false, stopped = false;
};

Playback::Playback(int rate_hz, const PlaybackOptions& options) {
  if (rate_hz < 1) throw Error("rate", "expected Hz, got " + std::to_string(rate_hz));
  live::PlayerOptions o;
  o.device = options.device;
  o.latency_ms = options.latency_ms;
  o.reconnect = options.reconnect;
  if (options.notice) o.notice = options.notice;
  state_ = std::make_unique<State>(o, rate_hz);
}

Playback::~Playback() = default;
Playback::Playback(Playback&& other) noexcept = default;
Playback& Playback::operator=(Playback&& other) noexcept = default;

void Playback::write(const float* samples, std::size_t count) {
  if (state_->stopped) throw Error("playback", "it has been stopped", "open another one");
  if (!state_->begun) state_->player.begin();
  state_->begun = true;
  while (!state_->player.ready()) std::this_thread::sleep_for(kTick);
  state_->player.write(samples, count);
}

void Playback::finish() {
  if (!state_->begun || state_->stopped) return;
  state_->player.end();
  while (!state_->player.played_out()) std::this_thread::sleep_for(kTick);
  // What the device still holds.
  std::this_thread::sleep_for(
      std::chrono::duration<double, std::milli>(state_->player.device_latency_ms()));
  state_->begun = false;
}

void Playback::stop() {
  if (!state_->stopped) state_->player.stop();
  state_->stopped = true;
}

const std::string& Playback::device() const { return state_->player.device(); }
double Playback::buffered_ms() const { return state_->player.buffered_ms(); }
double Playback::device_latency_ms() const { return state_->player.device_latency_ms(); }
std::int64_t Playback::starvations() const { return state_->player.counts().starvations; }

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "live/player.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace glowvox::live {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick(2);
constexpr milliseconds kBetweenTries(500);
constexpr milliseconds kDraining(5000);
constexpr milliseconds kLeaving(80);    // after Ctrl-C; with all the rest less than 100 ms
constexpr double kMostDeviceMs = 50.0;  // so that a fade is heard out in that time

double device_latency(double latency_ms) { return std::min(latency_ms, kMostDeviceMs); }

}  // namespace

Player::Player(const PlayerOptions& options, int rate_hz, const std::atomic<bool>& interrupted)
    : options_(options),
      interrupted_(interrupted),
      system_(std::make_unique<audio::SoundSystem>()) {
  const audio::Device device = system_->output(options.device);
  device_ = device.host_api + ": " + device.name;
  const int device_rate_hz = audio::OutputStream::rate_for(device, rate_hz);
  if (device_rate_hz != rate_hz) {
    resampler_ = std::make_unique<audio::Resampler>(rate_hz, device_rate_hz);
    options_.notice(
        fmt::format("{}: plays at {} Hz, resampled from {} Hz", device_, device_rate_hz, rate_hz));
  }
  playout_ = std::make_shared<audio::Playout>(device_rate_hz, options.latency_ms);
  open(device);
}

Player::~Player() = default;

void Player::open(const audio::Device& device) {
  stream_ =
      std::make_unique<audio::OutputStream>(device, device_latency(options_.latency_ms), playout_);
  device_latency_ms_ = stream_->latency_ms();
}

void Player::lose(const std::string& problem) {
  if (!options_.reconnect) throw DeviceLost(device_, problem, "--reconnect waits for it");
  options_.notice(device_ + ": " + problem + "; waiting for it");
  stream_.reset();
  system_.reset();
  playout_->device_lost();
  next_try_ = Clock::now() + kBetweenTries;
}

// The devices are found anew, so that one that was plugged in again is seen.
void Player::try_again() {
  if (Clock::now() < next_try_) return;
  next_try_ = Clock::now() + kBetweenTries;
  try {
    system_ = std::make_unique<audio::SoundSystem>();
    open(system_->output(device_));
  } catch (const Error&) {
    stream_.reset();
    system_.reset();
    return;
  }
  ++reconnects_;
  options_.notice(device_ + ": is back");
}

bool Player::ready() {
  if (!stream_) try_again();
  if (!stream_) return false;
  const std::string problem = stream_->problem();
  if (!problem.empty()) {
    lose(problem);
    return false;
  }
  return playout_->wants();
}

void Player::begin() { playout_->begin(); }

void Player::write(const float* samples, std::size_t count) {
  if (!resampler_) return hand_over(samples, count);
  const std::vector<float>& resampled = resampler_->push(samples, count);
  hand_over(resampled.data(), resampled.size());
}

void Player::hand_over(const float* samples, std::size_t count) {
  for (std::size_t done = 0;;) {
    done += playout_->write(samples + done, count - done);
    if (done == count || interrupted_) return;
    ready();
    std::this_thread::sleep_for(kTick);
  }
}

void Player::end() {
  if (resampler_) {
    const std::vector<float>& rest = resampler_->finish();
    hand_over(rest.data(), rest.size());
  }
  playout_->end();
}

bool Player::played_out() {
  ready();
  return playout_->idle();
}

void Player::drain() {
  if (stream_) stream_->finish(kDraining);
  stream_.reset();
}

void Player::stop() {
  const auto until = Clock::now() + kLeaving;
  playout_->stop();
  while (stream_ && !playout_->silent() && Clock::now() < until) std::this_thread::sleep_for(kTick);
  // The fade is in the device's hands now.
  if (stream_) stream_->finish(std::chrono::duration_cast<milliseconds>(until - Clock::now()));
  stream_.reset();
  if (system_) system_->leave();
}

double Player::ms(std::size_t samples) const {
  return 1e3 * static_cast<double>(samples) / playout_->rate_hz();
}
double Player::buffered_ms() const { return ms(playout_->filled()); }
double Player::target_ms() const { return ms(playout_->threshold()); }
double Player::least_ms() const { return ms(playout_->block() + playout_->fade_samples()); }

}  // namespace glowvox::live

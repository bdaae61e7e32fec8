// SPDX-License-Identifier: MIT
#include "audio/playout.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace glowvox::audio {

namespace {

constexpr double kFadeMs = 5.0;
constexpr double kPi = 3.14159265358979323846;
constexpr std::size_t kMostBlock = 32768;  // samples that a device takes at once

std::size_t samples_in(double ms, int rate_hz) {
  return static_cast<std::size_t>(std::lround(ms * 1e-3 * rate_hz));
}

// Half a cosine: no step, and no step of its slope either.
std::vector<float> fade_gains(std::size_t count) {
  std::vector<float> gains(count);
  for (std::size_t i = 0; i < count; ++i)
    gains[i] = static_cast<float>(
        0.5 + 0.5 * std::cos(kPi * static_cast<double>(i + 1) / static_cast<double>(count)));
  return gains;
}

}  // namespace

Playout::Playout(int rate_hz, double latency_ms)
    : rate_hz_(rate_hz),
      target_(samples_in(latency_ms, rate_hz)),
      fade_(fade_gains(std::max<std::size_t>(1, samples_in(kFadeMs, rate_hz)))),
      ring_(2 * std::max(target_, kMostBlock + fade_.size())),
      rising_(fade_.size()) {}

std::size_t Playout::threshold() const {
  return std::min(std::max(target_, block() + fade_.size()), ring_.capacity() / 2);
}

PlayoutCounts Playout::counts() const {
  return {starvations_.load(std::memory_order_relaxed), starved_.load(std::memory_order_relaxed),
          driver_underruns_.load(std::memory_order_relaxed),
          callbacks_.load(std::memory_order_relaxed)};
}

void Playout::device_lost() {
  if (phase_ == Phase::kPlaying || phase_ == Phase::kFading) rising_ = 0;
  if (phase_ != Phase::kSilent) phase_ = Phase::kWaiting;
}

// The next utterance begins at full level.
void Playout::played_out() noexcept {
  if (phase_ != Phase::kSilent) phase_ = Phase::kWaiting;
  starved_now_ = false;
  rising_ = fade_.size();
  idle_.store(true, std::memory_order_release);
}

// Enters the phase that this block begins in; false: nothing is to be played.
bool Playout::decide(std::size_t frames) noexcept {
  // In this order: an end that is seen here was set after the last sample.
  const bool ended = ended_.load(std::memory_order_acquire);
  const bool stop = stop_.load(std::memory_order_acquire);
  const std::size_t filled = ring_.filled();
  if (phase_ == Phase::kWaiting) {
    if (stop) phase_ = Phase::kSilent;
    if (ended && filled == 0) played_out();
    if (stop || filled == 0 || (!ended && filled < threshold())) return false;
    phase_ = Phase::kPlaying;
    starved_now_ = false;
    idle_.store(false, std::memory_order_release);
    if (first_sound_ns_.load(std::memory_order_relaxed) == 0)
      first_sound_ns_.store(std::chrono::steady_clock::now().time_since_epoch().count(),
                            std::memory_order_release);
  }
  const bool starving = !ended && filled < frames + fade_.size();
  if (phase_ == Phase::kPlaying && (stop || starving)) {
    phase_ = Phase::kFading;
    falling_ = 0;
    fall_size_ = std::min(filled, fade_.size());
    plain_ = stop ? 0 : filled - fall_size_;
    starved_now_ = !stop;
    if (!stop) starvations_.fetch_add(1, std::memory_order_relaxed);
  }
  return phase_ != Phase::kSilent;
}

void Playout::fade_in(float* out, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count && rising_ < fade_.size(); ++i, ++rising_)
    out[i] *= fade_[fade_.size() - 1 - rising_];
}

std::size_t Playout::fade_out(float* out, std::size_t frames) noexcept {
  std::size_t count = ring_.read(out, std::min(frames, plain_));
  plain_ -= count;
  fade_in(out, count);
  const std::size_t faded =
      ring_.read(out + count, std::min(frames - count, fall_size_ - falling_));
  fade_in(out + count, faded);
  for (std::size_t i = 0; i < faded; ++i)
    out[count + i] *= fade_[(falling_ + i + 1) * fade_.size() / fall_size_ - 1];
  falling_ += faded;
  count += faded;
  if (plain_ == 0 && falling_ == fall_size_) {
    rising_ = 0;
    phase_ = stop_.load(std::memory_order_acquire) ? Phase::kSilent : Phase::kWaiting;
  }
  return count;
}

std::size_t Playout::render_mono(float* out, std::size_t frames) noexcept {
  if (!decide(frames)) return 0;
  if (phase_ == Phase::kFading) return fade_out(out, frames);
  const bool ended = ended_.load(std::memory_order_acquire);
  const std::size_t count = ring_.read(out, frames);
  fade_in(out, count);
  if (ended && ring_.filled() == 0) played_out();
  return count;
}

void Playout::render(float* out, std::size_t frames, int channels) noexcept {
  callbacks_.fetch_add(1, std::memory_order_relaxed);
  if (frames > block_.load(std::memory_order_relaxed))
    block_.store(frames, std::memory_order_relaxed);
  const std::size_t count = render_mono(out, frames);
  std::fill(out + count, out + frames, 0.0F);
  if (starved_now_)
    starved_.fetch_add(static_cast<std::int64_t>(frames - count), std::memory_order_relaxed);
  for (std::size_t i = frames; channels > 1 && i-- > 0;)
    std::fill_n(out + i * static_cast<std::size_t>(channels), channels, out[i]);
  silent_.store(phase_ == Phase::kSilent, std::memory_order_release);
}

}  // namespace glowvox::audio

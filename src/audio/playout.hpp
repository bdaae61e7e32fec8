// SPDX-License-Identifier: MIT
// What a sound card's callback plays: samples as they come, silence and short fades where there are
// none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "audio/ring.hpp"

namespace glowvox::audio {

struct PlayoutCounts {
  std::int64_t starvations = 0;       // times that the ring ran dry within an utterance
  std::int64_t starved_samples = 0;   // of silence that followed
  std::int64_t driver_underruns = 0;  // times that the driver ran dry, however full the ring
  std::int64_t callbacks = 0;
};

// One thread produces, the callback's consumes. It begins once `target` samples are there (or the
// utterance is complete). When fewer are left than the next block and a fade take, it fades out
// over the last of them, counts one starvation, and begins again, fading in, when the target is
// reached: the delay after a starvation is what it was before. Everything else passes unchanged.
class Playout {
 public:
  Playout(int rate_hz, double latency_ms);

  // The producer's. wants: whether it is below the target, or below what the device takes at once
  // where that is more. write: as many as there is room for. begin .. end: an utterance.
  bool wants() const { return ring_.filled() < threshold(); }
  std::size_t write(const float* samples, std::size_t count) { return ring_.write(samples, count); }
  void begin() { ended_.store(false, std::memory_order_release); }
  void end() { ended_.store(true, std::memory_order_release); }
  bool idle() const { return idle_.load(std::memory_order_acquire) && ring_.filled() == 0; }
  // From now on a fade and then silence.
  void stop() { stop_.store(true, std::memory_order_release); }
  bool silent() const { return silent_.load(std::memory_order_acquire); }
  // Only while no callback runs: the device has gone, its next block will fade in.
  void device_lost();

  std::size_t filled() const { return ring_.filled(); }
  std::size_t threshold() const;  // samples that it begins with
  std::size_t block() const { return block_.load(std::memory_order_relaxed); }  // largest so far
  int rate_hz() const { return rate_hz_; }
  std::size_t fade_samples() const { return fade_.size(); }
  PlayoutCounts counts() const;
  // When the first sample was handed over, in nanoseconds of the steady clock; 0: not yet.
  std::int64_t first_sound_ns() const { return first_sound_ns_.load(std::memory_order_acquire); }

  // The callback's: the next `frames` samples, the same in every one of `channels` interleaved
  // channels.
  void render(float* out, std::size_t frames, int channels) noexcept;
  void driver_underrun() noexcept { driver_underruns_.fetch_add(1, std::memory_order_relaxed); }

 private:
  enum class Phase { kWaiting, kPlaying, kFading, kSilent };
  std::size_t render_mono(float* out, std::size_t frames) noexcept;
  void played_out() noexcept;
  bool decide(std::size_t frames) noexcept;
  std::size_t fade_out(float* out, std::size_t frames) noexcept;
  void fade_in(float* out, std::size_t count) noexcept;

  const int rate_hz_;
  const std::size_t target_;
  std::vector<float> fade_;  // gains from just below 1 to 0
  SampleRing ring_;
  std::atomic<bool> ended_{true}, stop_{false}, idle_{true}, silent_{false};
  std::atomic<std::size_t> block_{0};
  std::atomic<std::int64_t> starvations_{0}, starved_{0}, driver_underruns_{0}, callbacks_{0};
  std::atomic<std::int64_t> first_sound_ns_{0};
  // The callback's alone.
  Phase phase_ = Phase::kWaiting;
  bool starved_now_ = false;
  std::size_t rising_;                       // samples of the fade-in that have been played
  std::size_t plain_ = 0;                    // to be played before the fade-out begins
  std::size_t falling_ = 0, fall_size_ = 0;  // samples of the fade-out played, and in all
};

}  // namespace glowvox::audio

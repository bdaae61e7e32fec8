// SPDX-License-Identifier: MIT
// Samples to a sound card, from a thread that has time.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "audio/playout.hpp"
#include "audio/resample.hpp"
#include "audio/sound_card.hpp"
#include "glowvox/error.hpp"

namespace glowvox::live {

// A device that was there is gone.
class DeviceLost : public Error {
 public:
  using Error::Error;
};

struct PlayerOptions {
  std::string device = "default";
  double latency_ms = 80.0;  // of sound held ready before the device
  bool reconnect = false;    // a device that is gone is waited for
  std::function<void(const std::string&)> notice = [](const std::string&) {};
};

class Player {
 public:
  // Opens the device, which plays silence until sound comes. rate_hz: of the samples; they are
  // resampled where the device does not take it. interrupted: ends every wait. Throws Error.
  Player(const PlayerOptions& options, int rate_hz, const std::atomic<bool>& interrupted);
  ~Player();

  // Whether more should be made now; does not wait. Throws DeviceLost.
  bool ready();
  void begin();                                         // of an utterance
  void write(const float* samples, std::size_t count);  // waits where there is no room
  void end();
  bool played_out();  // whether all of it has been handed to the device
  // The end: what the device holds is heard out; or a fade and silence within 80 ms, after which
  // the program must end. Both close the device.
  void drain();
  void stop();

  double buffered_ms() const;  // held here
  double target_ms() const;
  double least_ms() const;  // with less it fades out
  double device_latency_ms() const { return device_latency_ms_; }
  audio::PlayoutCounts counts() const { return playout_->counts(); }
  std::int64_t first_sound_ns() const { return playout_->first_sound_ns(); }
  const std::string& device() const { return device_; }
  int rate_hz() const { return playout_->rate_hz(); }
  int reconnects() const { return reconnects_; }

 private:
  using Clock = std::chrono::steady_clock;
  void open(const audio::Device& device);
  void hand_over(const float* samples, std::size_t count);
  void lose(const std::string& problem);
  void try_again();
  double ms(std::size_t samples) const;

  PlayerOptions options_;
  const std::atomic<bool>& interrupted_;
  std::unique_ptr<audio::SoundSystem> system_;
  std::string device_;  // "host api: name"
  std::shared_ptr<audio::Playout> playout_;
  std::unique_ptr<audio::Resampler> resampler_;  // null: the device takes the rate
  std::unique_ptr<audio::OutputStream> stream_;  // null: the device is gone
  double device_latency_ms_ = 0.0;
  Clock::time_point next_try_;
  int reconnects_ = 0;
};

}  // namespace glowvox::live

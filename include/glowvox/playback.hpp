// SPDX-License-Identifier: MIT
// Samples to a sound card (the library glowvox::playback).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glowvox/error.hpp"
#include "glowvox/export.h"

namespace glowvox {

struct PlaybackDevice {
  int index = -1;
  std::string name;  // "host api: name"
  bool is_default = false;
  double rate_hz = 0.0;     // its own
  double latency_ms = 0.0;  // the least that it offers
};

// The sound cards that can play. Throws Error when the sound system cannot be started.
GLOWVOX_API std::vector<PlaybackDevice> playback_devices();

struct PlaybackOptions {
  std::string device = "default";  // or an index, or part of a name
  double latency_ms = 80.0;        // of sound held ready before the device
  bool reconnect = false;          // a device that is gone is waited for
  // Told in a line when a device is gone or there again; from the thread that writes.
  std::function<void(const std::string&)> notice;
};

// A sound card that plays silence until sound comes. It begins when `latency_ms` are there; where
// the writer falls behind it fades out, waits until as much is there again and fades in. Used from
// one thread at a time; the sound card's own thread neither waits nor allocates.
class GLOWVOX_API Playback {
 public:
  // rate_hz: of the samples, which are resampled where the device does not take it. Throws Error
  // when there is no such device or it cannot be opened.
  explicit Playback(int rate_hz, const PlaybackOptions& options = {});
  ~Playback();  // at once: what is still buffered is cut off
  Playback(Playback&& other) noexcept;
  Playback& operator=(Playback&& other) noexcept;

  // One channel, in [-1, 1]; waits until there is room. Throws Error when the device is gone.
  void write(const float* samples, std::size_t count);
  // Waits until all that was written has been heard; the next write begins another utterance.
  void finish();
  // Fades out within 80 ms and closes the device: nothing can be written any more.
  void stop();

  const std::string& device() const;
  double buffered_ms() const;        // held here
  double device_latency_ms() const;  // the device's own, which comes on top
  std::int64_t starvations() const;  // times that the writer fell behind

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glowvox

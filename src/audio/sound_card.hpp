// SPDX-License-Identifier: MIT
// Sound cards through PortAudio (ALSA, JACK, whatever it was built with).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audio/playout.hpp"
#include "audio/ring.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

struct Device {
  int index = -1;
  std::string name, host_api;
  int inputs = 0, outputs = 0;  // channels
  bool default_input = false, default_output = false;
  double rate_hz = 0.0;  // its own
  double low_input_ms = 0.0, high_input_ms = 0.0, low_output_ms = 0.0, high_output_ms = 0.0;
};

// The sound system, while it lives. Devices are those that were there at its construction.
class SoundSystem {
 public:
  SoundSystem();  // throws Error when PortAudio cannot be started
  ~SoundSystem();
  SoundSystem(const SoundSystem&) = delete;
  SoundSystem& operator=(const SoundSystem&) = delete;

  // Where the program ends right after: tells who has to be told (a JACK server), and leaves the
  // rest to the system, which takes it back faster.
  void leave();

  std::vector<Device> devices() const;
  // "default", an index, or part of a name ("host api: name"), whatever its case. Throws Error when
  // none fits, or several and none exactly.
  Device output(const std::string& choice) const;
  Device input(const std::string& choice) const;
  // Common sample rates that a device takes, in its better direction.
  std::vector<int> rates_hz(const Device& device) const;

 private:
  bool left_ = false;
};

// For a program that has to wake a driver which waits for something while a stream is being closed:
// `wake` is called every now and then until that is done. Null: nothing is.
void while_closing(void (*wake)());

// Plays what a Playout renders, until destroyed.
class OutputStream {
 public:
  // latency_ms: asked of the device, which does what it can. Throws Error when it cannot be opened.
  OutputStream(const Device& device, double latency_ms, std::shared_ptr<Playout> playout);
  ~OutputStream();  // at once: what the device still holds may be cut
  OutputStream(const OutputStream&) = delete;
  OutputStream& operator=(const OutputStream&) = delete;

  double latency_ms() const;  // as the driver says
  // Why nothing is played any more: the stream has ended, or no callback came for a while. Empty:
  // it is.
  std::string problem();
  // Waits until the device has played everything it holds, for `limit` at most, and closes it.
  // Nothing else may be called after that.
  void finish(std::chrono::milliseconds limit);

  // wanted_hz where the device takes it, or the device's own rate.
  static int rate_for(const Device& device, int wanted_hz);

 private:
  void finish(bool at_once, std::chrono::milliseconds limit);
  struct State;
  std::unique_ptr<State> state_;
};

// Records a device's first channel into a ring until destroyed.
class InputStream {
 public:
  InputStream(const Device& device, int rate_hz, double latency_ms,
              std::shared_ptr<SampleRing> ring);
  ~InputStream();
  InputStream(const InputStream&) = delete;
  InputStream& operator=(const InputStream&) = delete;

  std::int64_t losses()
      const;              // times that samples were lost: the ring was full, or the driver late
  std::string problem();  // as OutputStream's

  static int rate_for(const Device& device, int wanted_hz);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glowvox::audio

// SPDX-License-Identifier: MIT
// Many clients at once: each sends frames on its connection and gets its samples back on it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "arrays/mel_input.hpp"
#include "glowvox/vocoder.hpp"
#include "live/raw_output.hpp"
#include "live/step_threads.hpp"

namespace glowvox::live {

struct ServerOptions {
  std::string address;  // of a Listener
  RawFormat reply = RawFormat::kF32;
  bool anybody = false;        // TCP addresses that other machines reach
  int most_clients = 256;      // more are turned away
  int most_frames = 64;        // that wait of a client; it is not read from meanwhile
  double idle_seconds = 30.0;  // without a frame, or without taking samples: dropped
  double batch_wait_ms = 2.0;  // that a frame waits for other clients'
  bool force = false;          // take frames that no sound can have
  bool once = false;           // leave when the first client has
  int threads = 0;             // of the vocoder; 0: all cores
  SynthesisOptions synthesis;  // of every client
  arrays::MelInput mel_input;  // what the frames are
};

struct ServerReport {
  std::int64_t clients = 0;  // that sent something
  std::int64_t most_at_once = 0;
  std::int64_t completed = 0, dropped = 0, turned_away = 0;
  StepThreads::Figures work;
  bool interrupted = false;
};

// Serves until interrupted, or with `once` until the first client is gone. A connection is an
// utterance: float32 frames in little endian, [bands], until the client ends its side (shutdown);
// samples within [-1, 1] as they become final; then this side ends. A client whose frames are not
// finite or, unless forced, cannot be of any sound, that ends within a frame, is idle or goes away
// is dropped, which nobody else notices; notice gets one line for each. ready: called with the
// address once clients can connect. Throws Error.
ServerReport serve(const Vocoder& vocoder, const ServerOptions& options,
                   const std::function<void(const std::string& address)>& ready,
                   const std::function<void(const std::string& text)>& notice,
                   const std::atomic<bool>& interrupted);

}  // namespace glowvox::live

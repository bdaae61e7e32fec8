// SPDX-License-Identifier: MIT
// glowvox play, stream and devices, as their command lines say it.
#pragma once

#include <optional>
#include <string>

#include "arrays/mel_input.hpp"
#include "engine/engine_options.hpp"

namespace glowvox::live {

// What play and stream share.
struct Options {
  EngineOptions engine;
  std::string device = "default", out, tee, raw = "s16le", format;
  double latency_ms = 80.0;
  arrays::MelInput mel_input;
  bool live = false, reconnect = false, json = false;
  bool force = false, no_limiter = false;
};

struct PlayOptions : Options {
  PlayOptions() { latency_ms = 200.0; }  // nobody waits for a file
  std::string file, wav;                 // one of them; wav: whatever its name says
};

struct StreamOptions : Options {
  std::string mel, socket, wav;           // one of them or the microphone
  std::optional<std::string> microphone;  // a device; empty: the default one
  bool once = false;
  // With a socket: many clients at once, who get their samples back (stream_server.hpp).
  std::string reply;  // f32 or s16; empty: the sound is played here, one utterance at a time
  bool anybody = false;
  int clients = 256, queue = 64;
  double idle_seconds = 30.0, batch_wait_ms = 2.0;
};

// Sound from the source to a device or file, with a status line on a terminal and a summary at the
// end. A mel that cannot be speech is refused before it sounds. Exit status: 130 after Ctrl-C;
// malformed frames are an Error at the end. Throws UsageError for options that do not belong
// together.
int play(const PlayOptions& options);
int stream(StreamOptions options);

// Prints the sound cards.
int list_devices(bool json);
bool has_output();  // whether there is a sound card to play on

}  // namespace glowvox::live

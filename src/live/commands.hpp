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

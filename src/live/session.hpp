// SPDX-License-Identifier: MIT
// Live playback: frames from a source through a vocoder's stream to the outputs, as they come.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "audio/sound_file.hpp"
#include "glowvox/vocoder.hpp"
#include "live/frame_source.hpp"
#include "live/player.hpp"
#include "live/raw_output.hpp"

namespace glowvox::live {

// Where the samples go; null: not there.
struct Outputs {
  std::unique_ptr<Player> player;
  std::unique_ptr<audio::AudioWriter> file;
  std::unique_ptr<RawOutput> raw;
};

struct SessionOptions {
  SynthesisOptions synthesis;  // of every utterance
  bool live = false;           // frames do not wait for the device: the delay is kept where it is
  bool judge = false;          // stop where the mel cannot be speech (one that was given, not made)
  bool limit = true;           // what the player gets, by the mel
};

// What has happened so far.
struct Report {
  std::int64_t frames = 0, utterances = 0, samples = 0;   // at the model's rate
  std::int64_t malformed = 0, skipped = 0, repeated = 0;  // frames
  std::int64_t clipped = 0, limited = 0;                  // samples
  std::int64_t input_losses = 0;                          // of a microphone
  std::string first_problem;
  std::string refusal;                            // why an utterance was stopped; empty: none was
  double seconds = 0.0;                           // of sound made
  double work_seconds = 0.0, most_work_ms = 0.0;  // of the vocoder; for one frame
  double real_time_factor = 0.0;
  double first_sound_ms = 0.0;  // from the first frame's arrival to the first sample handed over
  bool interrupted = false;
  // Of the player.
  double buffered_ms = 0.0, device_latency_ms = 0.0, starved_ms = 0.0;
  std::int64_t starvations = 0, driver_underruns = 0;
  int reconnects = 0;
};

struct SessionHooks {
  std::function<void(const Report&)> status = [](const Report&) {};            // often
  std::function<void(const std::string&)> notice = [](const std::string&) {};  // seldom
};

// Some frames of nothing, so that the first ones that count are not slow: weights come into the
// caches, memory is touched. Returns the least real-time factor that one of them had.
double warm_up(const Vocoder& vocoder, const SynthesisOptions& options);

// Plays until the source ends or interrupted is set; then a file holds what was made so far.
// Frames that are malformed are replaced by the one before (by silence, where the mel is judged and
// they are too loud) and counted. An utterance that is refused ends there, and where no other one
// was played nothing is written. Throws Error.
Report run_session(const Vocoder& vocoder, FrameSource* source, Outputs* outputs,
                   const SessionOptions& options, const SessionHooks& hooks,
                   const std::atomic<bool>& interrupted);

}  // namespace glowvox::live

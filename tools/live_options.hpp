// SPDX-License-Identifier: MIT
// What glowvox stream and glowvox play share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine_options.hpp"
#include "live/frame_source.hpp"
#include "live/session.hpp"
#include "mel_input.hpp"

namespace glowvox::tools {

struct LiveOptions {
  EngineOptions engine;
  std::string device = "default", out, tee, raw = "s16le", format;
  double latency_ms = 80.0;
  MelInput mel;
  bool live = false, reconnect = false, json = false;
  bool force = false, no_limiter = false;

  void add_to(CLI::App& app, const char* usual_corrections = "as the model file says");
};

// The source is opened once the model is there.
using OpenSource = std::function<std::unique_ptr<live::FrameSource>(const MelSpec& spec)>;

// Plays what the source gives, with a status line on a terminal and a summary at the end. input:
// the file that it reads, if it is one; a mel that cannot be speech is
// refused before it sounds (given: it was not computed here from sound). Returns the exit status:
// 130 after Ctrl-C; malformed frames are an Error at the end.
int run_live(const LiveOptions& options, const std::string& input, bool given,
             const OpenSource& open_source);

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
// glowvox stream: mel frames to sound while they arrive.
#include <fmt/format.h>
#include <unistd.h>

#include "commands.hpp"
#include "live/microphone.hpp"
#include "live_options.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  LiveOptions live;
  std::string mel, socket, wav, microphone;
  bool once = false;
  const CLI::Option* mic_given = nullptr;
};

std::unique_ptr<live::FrameSource> open(const Options& o, const MelSpec& spec) {
  if (!o.mel.empty()) return live::open_frames(o.mel, spec);
  if (!o.socket.empty()) {
    auto source = live::listen_for_frames(o.socket, spec.bands, o.once);
    say(fmt::format("listening on {}: raw float32 frames of {} bands, a connection an utterance",
                    o.socket, spec.bands));
    return source;
  }
  if (o.mic_given->count() > 0) {
    const std::string device = o.microphone.empty() ? "default" : o.microphone;
    return live::open_microphone(device, o.live.latency_ms, spec);
  }
  std::string notice;
  auto source = live::open_sound(o.wav, spec, &notice);
  if (!notice.empty()) say(notice);
  return source;
}

int run(Options o) {
  const bool microphone = o.mic_given->count() > 0;
  const int sources = !o.mel.empty() + !o.socket.empty() + !o.wav.empty() + microphone;
  if (sources != 1)
    throw UsageError("--mel, --listen, --wav or --mic",
                     fmt::format("expected one of them, got {}", sources));
  if (o.mel == "-" && ::isatty(STDIN_FILENO) != 0)
    throw UsageError("--mel -", "standard input is a terminal", "pipe an acoustic model into it");
  if (o.once && o.socket.empty()) throw UsageError("--once", "goes with --listen");
  if (microphone && o.live.reconnect)
    throw UsageError("--reconnect", "cannot wait while --mic records");
  if (microphone && o.live.out.empty()) o.live.live = true;
  // Somebody is waiting for the sound.
  if (o.live.live && !o.live.engine.corrections) o.live.engine.corrections = 0;
  return run_live(o.live, o.mel.empty() ? o.wav : o.mel, !o.mel.empty() || !o.socket.empty(),
                  [&o](const MelSpec& spec) { return open(o, spec); });
}

}  // namespace

std::function<int()> setup_stream(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("--mel", o->mel,
                 "Frames, float32 [bands] in little endian, from a file or FIFO; - is standard "
                 "input; any mel file that synth takes");
  app.add_option("--listen", o->socket,
                 "Make this Unix socket; every connection to it is an utterance of such frames");
  app.add_flag("--once", o->once, "With --listen: leave after the first connection");
  app.add_option(
      "--wav", o->wav,
      "Sound file to copy, analysed as it is played; - is standard input, read to its end first");
  o->mic_given = app.add_option("--mic", o->microphone,
                                "Copy what a sound card records; with an index or part of a name")
                     ->expected(0, 1);
  o->live.add_to(app, "as the model file says, none with --live");
  app.add_option("-o,--out", o->live.out,
                 "Write wav, flac or ogg instead of playing; - is standard output, and raw samples "
                 "unless --format says wav, flac or ogg");
  add_format_to(app, &o->live.format);
  app.add_option("--raw", o->live.raw, "Raw samples of -o -")
      ->check(CLI::IsMember({"s16le", "f32le"}))
      ->capture_default_str();
  app.add_flag(
      "--live", o->live.live,
      "The frames' writer keeps its own time: skip or repeat one when clocks drift apart, and "
      "make no passes of correction unless told to");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools

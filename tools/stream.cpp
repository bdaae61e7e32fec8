// SPDX-License-Identifier: MIT
// glowvox stream: mel frames to sound while they arrive.
#include <memory>

#include "command.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<live::StreamOptions>();
  app.add_option("--mel", o->mel,
                 "Frames, float32 [bands] in little endian, from a file or FIFO; - is standard "
                 "input; any mel file that synth takes");
  app.add_option("--listen", o->socket,
                 "Make this Unix socket, or with --reply listen at HOST:PORT; every connection is "
                 "an utterance of such frames");
  app.add_option("--reply", o->reply,
                 "With --listen: serve many clients at once, and send each its samples back on its "
                 "connection, as f32 or s16 without a header; nothing is played here")
      ->check(CLI::IsMember({"f32", "s16"}));
  app.add_flag("--public", o->anybody,
               "With --reply: let HOST be an address that other machines reach; whoever reaches "
               "it is served");
  app.add_option("--clients", o->clients, "With --reply: most at once; more are turned away")
      ->capture_default_str();
  app.add_option("--queue", o->queue,
                 "With --reply: frames that wait of a client before it has to wait")
      ->capture_default_str();
  app.add_option("--idle-timeout", o->idle_seconds,
                 "With --reply: seconds without a frame, or without taking samples, before a "
                 "client is dropped")
      ->capture_default_str();
  app.add_option("--batch-wait", o->batch_wait_ms,
                 "With --reply: how long a frame waits at most for other clients' to be worked on "
                 "together with, in ms")
      ->capture_default_str();
  app.add_flag("--once", o->once, "With --listen: leave after the first connection");
  app.add_option(
      "--wav", o->wav,
      "Sound file to copy, analysed as it is played; - is standard input, read to its end first");
  app.add_option("--mic", o->microphone,
                 "Copy what a sound card records; with an index or part of a name")
      ->expected(0, 1);
  add_live(app, *o,
           "as the model file says; with --live and --reply 1 where that adds no delay, else 0");
  app.add_option("-o,--out", o->out,
                 "Write wav, flac or ogg instead of playing; - is standard output, and raw samples "
                 "unless --format says wav, flac or ogg");
  add_format(app, o->format);
  app.add_option("--raw", o->raw, "Raw samples of -o -")
      ->check(CLI::IsMember({"s16le", "f32le"}))
      ->capture_default_str();
  app.add_flag("--live", o->live,
               "The frames' writer keeps its own time: skip or repeat one when clocks drift "
               "apart, and correct no further than adds no delay unless told to");
  return [o] { return live::stream(*o); };
}

const Registration registration(
    {"stream", Group::kSound, "Mel frames in, sound out while they arrive",
     "  acoustic-model | glowvox stream --mel -\n"
     "  glowvox stream --listen /tmp/voice.sock --live --reconnect\n"
     "  glowvox stream --listen /tmp/voice.sock --reply f32\n"
     "  glowvox stream --listen 127.0.0.1:7000 --reply s16 --clients 150 --json\n"
     "  glowvox stream --mic --latency 40\n"
     "  glowvox stream --mel frames.fifo -o - --raw s16le | aplay -f S16_LE -r 22050",
     setup});

}  // namespace

}  // namespace glowvox::tools

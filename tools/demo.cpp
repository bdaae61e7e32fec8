// SPDX-License-Identifier: MIT
// glowvox demo: the voice that came with it, heard.
#include <memory>

#include "batch/synthesis.hpp"
#include "command.hpp"
#include "core/messages.hpp"
#include "glowvox/error.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string out = "glowvox-demo.wav";
  bool no_playback = false;
};

int run(const Options& o) {
  const std::string mel = sample_beside_program("kerstin.npy");
  if (mel.empty()) throw Error("demo", "its mel does not lie beside this program");
  batch::Request request;
  request.mels = {mel};
  request.out = o.out;
  const int status = batch::synthesize_files(request);
  if (status != 0 || o.no_playback) return status;
  if (!live::has_output()) {
    say("no sound card here; " + o.out + " is to be played elsewhere");
    return 0;
  }
  live::PlayOptions play;
  play.file = mel;
  return live::play(play);
}

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("-o,--out", o->out, "wav, flac or ogg to write")->capture_default_str();
  app.add_flag("--no-playback", o->no_playback, "Only write the file");
  return [o] { return run(*o); };
}

const Registration registration({"demo", Group::kSound,
                                 "Synthesize a sample, and play it where there is a sound card",
                                 "  glowvox demo\n"
                                 "  glowvox demo -o hello.flac --no-playback",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
// glowvox play: a mel or a recording on the sound card.
#include "audio/formats.hpp"
#include "commands.hpp"
#include "live_options.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  LiveOptions live;
  std::string file, wav;
  bool is_sound() const { return !wav.empty() || audio::named(file) == audio::Named::kSound; }
  const std::string& input() const { return wav.empty() ? file : wav; }
};

std::unique_ptr<live::FrameSource> open(const Options& o, const MelSpec& spec) {
  if (!o.is_sound()) return live::open_frames(o.file, spec);
  std::string notice;
  auto source = live::open_sound(o.input(), spec, &notice);
  if (!notice.empty()) say(notice);
  return source;
}

}  // namespace

std::function<int()> setup_play(CLI::App& app) {
  auto o = std::make_shared<Options>();
  o->live.latency_ms = 200.0;  // nobody waits for a file
  app.add_option("FILE", o->file,
                 "Mel: npy, npz, PyTorch, safetensors or raw float32 frames; or a sound file that "
                 "is to be copied");
  app.add_option("--wav", o->wav,
                 "In place of FILE: a sound whatever its name says; - is standard input, read to "
                 "its end first");
  o->live.add_to(app);
  return [o] {
    if (o->file.empty() == o->wav.empty())
      throw UsageError("FILE or --wav", "expected one of them");
    return run_live(o->live, o->input(), !o->is_sound(),
                    [o](const MelSpec& spec) { return open(*o, spec); });
  };
}

}  // namespace glowvox::tools

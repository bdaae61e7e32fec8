// SPDX-License-Identifier: MIT
// glowvox play: a mel or a recording on the sound card.
#include <filesystem>
#include <set>

#include "commands.hpp"
#include "live_options.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  LiveOptions live;
  std::string file;
};

bool is_sound(const std::string& path) {
  static const std::set<std::string> sounds = {".wav", ".flac", ".ogg"};
  return sounds.count(std::filesystem::path(path).extension().string()) > 0;
}

std::unique_ptr<live::FrameSource> open(const std::string& path, const MelSpec& spec) {
  if (!is_sound(path)) return live::open_frames(path, spec);
  std::string notice;
  auto source = live::open_sound(path, spec, &notice);
  if (!notice.empty()) say(notice);
  return source;
}

}  // namespace

std::function<int()> setup_play(CLI::App& app) {
  auto o = std::make_shared<Options>();
  o->live.latency_ms = 200.0;  // nobody waits for a file
  app.add_option("FILE", o->file,
                 "Mel: npy, npz, PyTorch, safetensors or raw float32 frames; or wav, flac or ogg, "
                 "to be copied")
      ->required();
  o->live.add_to(app);
  return [o] {
    return run_live(o->live, o->file, !is_sound(o->file),
                    [o](const MelSpec& spec) { return open(o->file, spec); });
  };
}

}  // namespace glowvox::tools

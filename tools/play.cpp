// SPDX-License-Identifier: MIT
// glowvox play: a mel or a recording on the sound card.
#include <memory>

#include "command.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<live::PlayOptions>();
  app.add_option("FILE", o->file,
                 "Mel: npy, npz, PyTorch, safetensors or raw float32 frames; or a sound file that "
                 "is to be copied");
  app.add_option("--wav", o->wav,
                 "In place of FILE: a sound whatever its name says; - is standard input, read to "
                 "its end first");
  add_live(app, *o);
  return [o] { return live::play(*o); };
}

const Registration registration(
    {"play", Group::kSound, "Play a mel spectrogram, or the copy of a recording, on a sound card",
     "  glowvox play samples/kerstin.npy\n"
     "  glowvox play speech.wav --device USB --tee copy.wav\n"
     "  ffmpeg -i film.mkv -f wav - | glowvox play --wav -",
     setup});

}  // namespace

}  // namespace glowvox::tools

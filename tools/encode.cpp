// SPDX-License-Identifier: MIT
// glowvox encode: sound to latent.
#include <memory>

#include "command.hpp"
#include "latents/latents.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<latents::EncodeOptions>();
  add_model(app, o->engine.model, Model::kUsual);
  app.add_option("--wav", o->wav, "Sound file, or - for standard input; zeros fill its last hop");
  app.add_option("--audio", o->audio, "npy, [samples] or [batch, samples], at the model's rate");
  app.add_option(
      "--mel", o->mel,
      "npy of the mel, frame t for hop t of the audio (default: computed from the audio)");
  app.add_option("--write-mel", o->write_mel, "npy to write the mel to that was used, for decode");
  app.add_option("-o,--out", o->out, "npy, [batch, channels, frames], early outputs first")
      ->required();
  add_threads(app, o->engine.threads);
  add_json(app, o->json);
  return [o] {
    latents::encode(*o);
    return 0;
  };
}

const Registration registration({"encode", Group::kLatents, "Sound to latent, exactly",
                                 "  glowvox encode --wav speech.wav -o z.npy\n"
                                 "  glowvox encode --audio x.npy -o z.npy --write-mel mel.npy",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

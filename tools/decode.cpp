// SPDX-License-Identifier: MIT
// glowvox decode: latent to sound.
#include <memory>

#include "command.hpp"
#include "latents/latents.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<latents::DecodeOptions>();
  add_engine(app, o->engine, Model::kUsual);
  app.add_option("--mel", o->mel, "npy of the mel that the latent was encoded with");
  app.add_option("--wav", o->wav,
                 "Sound file that the latent was encoded from, for its mel and its length; - is "
                 "standard input");
  app.add_option("--latent", o->latent, "npy, [batch, channels, frames]")->required();
  app.add_option("-o,--out", o->out,
                 "wav, flac, ogg, or npy (float32, not clipped); - is standard output")
      ->required();
  app.add_option("--samples", o->samples,
                 "How many samples (default: the sound file's, with --mel all of the latent's)");
  add_format(app, o->format);
  add_json(app, o->json);
  return [o] {
    latents::decode(*o);
    return 0;
  };
}

const Registration registration({"decode", Group::kLatents,
                                 "Latent to sound: the inverse of encode",
                                 "  glowvox decode --mel mel.npy --latent z.npy -o out.wav",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

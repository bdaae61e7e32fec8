// SPDX-License-Identifier: MIT
// glowvox morph: arithmetic on latents, heard under one conditioning mel.
#include <memory>

#include "command.hpp"
#include "latents/latents.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<latents::MorphOptions>();
  add_model(app, o->engine.model, Model::kUsual);
  app.add_option("--from", o->from,
                 "Sound file, or - for standard input; its mel conditions the result")
      ->required();
  app.add_option("--to", o->to, "Sound file whose latent is mixed in");
  app.add_option("--plus", o->plus, "Sound files with an attribute");
  app.add_option("--minus", o->minus, "Sound files without it");
  app.add_option("--amount", o->amount, "How far: 0 is --from, 1 is --to, or the whole attribute")
      ->capture_default_str();
  app.add_option("-o,--out", o->out, "wav, flac, ogg or npy; - is standard output")->required();
  add_format(app, o->format);
  add_threads(app, o->engine.threads);
  add_json(app, o->json);
  return [o] {
    latents::morph(*o);
    return 0;
  };
}

const Registration registration(
    {"morph", Group::kLatents, "Move between two utterances' latents, or along an attribute",
     "  glowvox morph --from a.wav --to b.wav --amount 0.5 -o half.wav\n"
     "  glowvox morph --from a.wav --plus bright/*.wav --minus dark/*.wav \\\n"
     "    --amount 1 -o brighter.wav",
     setup});

}  // namespace

}  // namespace glowvox::tools

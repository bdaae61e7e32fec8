// SPDX-License-Identifier: MIT
// glowvox score: exact log-likelihood.
#include "train/score.hpp"

#include <memory>

#include "command.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<train::ScoreOptions>();
  add_model(app, o->model, Model::kRequired);
  app.add_option("--wav", o->wavs, "Sound files; - is standard input");
  app.add_option("--list", o->list, "A folder, or a list of sound files as train takes it");
  add_skip_unreadable(app, o->skip_unreadable);
  app.add_option("--plot", o->plot,
                 "Spectrogram and nats per sample over time: .svg with axes, .png without");
  app.add_flag("--exact-samples", o->exact_samples,
               "Score the samples as they are, without dequantisation noise of one 16-bit step");
  add_threads(app, o->threads);
  add_json(app, o->json);
  return [o] {
    train::score(*o);
    return 0;
  };
}

const Registration registration(
    {"score", Group::kLatents, "Exact log-likelihood of recordings",
     "  glowvox score --model M --wav speech.wav\n"
     "  glowvox score --model M --wav speech.wav --plot score.svg --json",
     setup});

}  // namespace

}  // namespace glowvox::tools

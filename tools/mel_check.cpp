// SPDX-License-Identifier: MIT
// glowvox mel-check: what a mel is, and whether a model takes it.
#include "arrays/mel_check.hpp"

#include <memory>

#include "command.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<arrays::MelCheckOptions>();
  app.add_option("MEL", o->in, "npy, npz, PyTorch or safetensors file, raw float32 (.f32), or -")
      ->required();
  app.add_option("--model", o->model,
                 "Say whether this model takes it (exit status 1 when it does not)");
  app.add_option("--bands", o->bands, "How many bands it has, where its shape does not tell")
      ->check(CLI::Range(0, 4096));
  add_mel(app, o->mel);
  add_json(app, o->json);
  return [o] { return arrays::check_mel(*o) ? 0 : 1; };
}

const Registration registration({"mel-check", Group::kMels,
                                 "Say what a mel file is, and whether a model takes it",
                                 "  glowvox mel-check mel.npy\n"
                                 "  glowvox mel-check mel.npz --mel-array feats --model M",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

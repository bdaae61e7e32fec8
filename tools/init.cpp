// SPDX-License-Identifier: MIT
// glowvox init: a model with random weights.
#include <memory>

#include "command.hpp"
#include "model/description.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<model::InitOptions>();
  app.add_option("CONFIG", o->config, "Configuration (see configs/)")->required();
  app.add_option("-o,--out", o->out, "Model file to write (.safetensors)")->required();
  app.add_option("--seed", o->seed, "Random seed")->capture_default_str();
  app.add_flag("--half", o->half, "Half-precision weights");
  add_json(app, o->json);
  return [o] {
    model::write_random(*o);
    return 0;
  };
}

const Registration registration(
    {"init", Group::kModels, "Write a model with random weights, for tests and timing",
     "  glowvox init configs/waveglow-256.yaml -o random.safetensors --seed 3", setup});

}  // namespace

}  // namespace glowvox::tools

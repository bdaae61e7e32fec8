// SPDX-License-Identifier: MIT
// glowvox info: what a model or a configuration is.
#include <memory>

#include "command.hpp"
#include "model/description.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string path;
  bool json = false, timing = false;
};

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("PATH", o->path, "Model file, or configuration (.yaml)")->required();
  app.add_flag(
      "--timing", o->timing,
      "Say also in which precision the model would run here, of utterances and of streams, "
      "what was timed to decide it, and where that is kept");
  add_json(app, o->json);
  return [o] {
    model::describe(o->path, o->timing, o->json);
    return 0;
  };
}

const Registration registration({"info", Group::kModels, "Describe a model file or a configuration",
                                 "  glowvox info configs/mdct-causal.yaml\n"
                                 "  glowvox info model.safetensors --json\n"
                                 "  glowvox info model.safetensors --timing",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
// glowvox average: several models' weights as one model's.
#include "safetensors/average.hpp"

#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::vector<std::string> models;
  std::string out;
  bool half = false, json = false;
};

int run(const Options& o) {
  if (o.models.size() < 2) throw UsageError("average", "expected two models or more");
  std::vector<WeightedPath> models;
  for (const std::string& text : o.models) {
    models.push_back(parse_weighted_path(text));
    refuse_overwriting(models.back().path, o.out);
  }
  const auto stored = o.half ? safetensors::Stored::kHalf : safetensors::Stored::kFloat32;
  const safetensors::Safetensors file = safetensors::average(models, stored);
  safetensors::write_safetensors(o.out, file);
  print_result(o.json,
               {{"out", o.out}, {"models", models.size()}, {"tensors", file.tensors.size()}},
               fmt::format("{}: the mean of {} models", o.out, models.size()));
  return 0;
}

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("MODEL", o->models,
                 "Model files or training checkpoints, of one network and trained on from the same "
                 "weights; MODEL:weight gives one more of a share, or less")
      ->required();
  app.add_option("-o,--out", o->out, "Model file to write (.safetensors)")->required();
  app.add_flag("--half", o->half, "Half-precision weights");
  add_json(app, o->json);
  return [o] { return run(*o); };
}

const Registration registration(
    {"average", Group::kModels, "Write the mean of several models' weights",
     "  glowvox average a.safetensors b.safetensors:0.5 -o mean.safetensors --half", setup});

}  // namespace

}  // namespace glowvox::tools

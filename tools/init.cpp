// SPDX-License-Identifier: MIT
// glowvox init: a model with random weights.
#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "core/printable.hpp"
#include "model/model_file.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string config, out;
  uint64_t seed = 1;
  bool half = false, json = false;
};

int run(const Options& o) {
  torch::manual_seed(o.seed);
  model::FlowVocoder model(config::read_config(o.config));
  model.randomize();
  model::save_model(o.out, model, o.half);
  if (o.json)
    fmt::print("{}\n",
               nlohmann::json{{"model", o.out}, {"parameters", model.parameter_count()}}.dump(
                   2, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    fmt::print("{}: {:.2f} M random parameters\n", printable(o.out),
               model.parameter_count() * 1e-6);
  return 0;
}

}  // namespace

std::function<int()> setup_init(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("CONFIG", o->config, "Configuration (see configs/)")->required();
  app.add_option("-o,--out", o->out, "Model file to write (.safetensors)")->required();
  app.add_option("--seed", o->seed, "Random seed")->capture_default_str();
  app.add_flag("--half", o->half, "Half-precision weights");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools

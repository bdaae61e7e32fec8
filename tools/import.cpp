// SPDX-License-Identifier: MIT
// glowvox import: a WaveGlow or SqueezeWave checkpoint becomes a model file.
#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "core/printable.hpp"
#include "engine/check_model.hpp"
#include "exchange/waveglow_import.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string in, out;
  exchange::ImportOptions import;
  bool json = false;
};

std::int64_t values_in(const safetensors::Safetensors& file) {
  std::int64_t count = 0;
  for (const auto& item : file.tensors) {
    std::int64_t values = 1;
    for (const std::int64_t size : item.second.shape) values *= size;
    count += values;
  }
  return count;
}

void print(const Options& o, const pytorch::StateDict& source,
           const exchange::ImportedModel& model) {
  const config::ModelConfig& c = model.config;
  const std::int64_t parameters = values_in(model.file);
  const bool wavenet = c.net.kind == config::NetKind::kWavenet;
  if (o.json) {
    fmt::print("{}\n", nlohmann::json{{"model", o.out},
                                      {"source", o.in},
                                      {"container", source.container()},
                                      {"program", wavenet ? "waveglow" : "squeezewave"},
                                      {"tensors", source.entries().size()},
                                      {"parameters", parameters},
                                      {"remarks", model.remarks},
                                      {"configuration", config::to_yaml(c)}}
                           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {}, {} tensors\n", printable(o.in), source.container(), source.entries().size());
  fmt::print("program         {}{}\n", wavenet ? "WaveGlow" : "SqueezeWave",
             c.coupling.alternate ? ", old split" : "");
  fmt::print("parameters      {:.2f} M{}\n", static_cast<double>(parameters) * 1e-6,
             c.net.weight_norm ? ", weight-normalised" : "");
  fmt::print("flow            {} steps of {} channels", c.steps, c.lift.channels);
  if (c.early.every > 0) fmt::print(", {} leave every {} steps", c.early.channels, c.early.every);
  fmt::print("\nnets            {} layers of {} channels, kernel {}\n", c.net.layers,
             c.net.channels, c.net.kernel);
  fmt::print("mel             {}\n", describe(c.mel));
  for (const std::string& remark : model.remarks)
    fmt::print("note            {}\n", printable(remark));
  fmt::print("{}: written\n", printable(o.out));
}

int run(const Options& o) {
  for (const std::string& input : {o.in, o.import.config}) refuse_overwriting(input, o.out);
  const pytorch::StateDict source(o.in);
  const exchange::ImportedModel model = exchange::import_waveglow(source, o.import);
  engine::check_model(model.file, model.config, o.in);
  safetensors::write_safetensors(o.out, model.file);
  print(o, source, model);
  return 0;
}

}  // namespace

std::function<int()> setup_import(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("SRC", o->in, "What torch.save wrote (any version), or safetensors")->required();
  app.add_option("-o,--out", o->out, "Model file to write (.safetensors)")->required();
  app.add_option("--config", o->import.config,
                 "The JSON configuration that it was trained with, or a configuration (.yaml) to "
                 "hold it to; without, it is worked out from the tensors");
  app.add_option("--mel", o->import.mel,
                 "Mels that it takes: a preset or '{preset: tacotron2, hop_samples: 300}'");
  app.add_flag("--old-split", o->import.old_split,
               "Odd steps transform the first half (the first version of WaveGlow, glow_old.py)");
  app.add_option("--denoise", o->import.denoise,
                 "Strength of the denoiser to be the model's usual (default: 0)");
  app.add_flag("--json", o->json, "Print the summary as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools

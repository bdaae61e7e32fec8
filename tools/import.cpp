// SPDX-License-Identifier: MIT
// glowvox import: a WaveGlow or SqueezeWave checkpoint becomes a model file.
#include <fmt/format.h>

#include <cstdint>
#include <memory>

#include "command.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "engine/check_model.hpp"
#include "exchange/waveglow_import.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string in, out;
  exchange::ImportOptions import;
  bool json = false;
};

const char* program_of(const config::ModelConfig& c) {
  return c.net.kind == config::NetKind::kWavenet ? "waveglow" : "squeezewave";
}

std::int64_t values_in(const safetensors::Safetensors& file) {
  std::int64_t count = 0;
  for (const auto& item : file.tensors) {
    std::int64_t values = 1;
    for (const std::int64_t size : item.second.shape) values *= size;
    count += values;
  }
  return count;
}

nlohmann::json to_json(const Options& o, const pytorch::StateDict& source,
                       const exchange::ImportedModel& model) {
  return {{"model", o.out},
          {"source", o.in},
          {"container", source.container()},
          {"program", program_of(model.config)},
          {"tensors", source.entries().size()},
          {"parameters", values_in(model.file)},
          {"remarks", model.remarks},
          {"configuration", config::to_yaml(model.config)}};
}

std::string to_text(const Options& o, const pytorch::StateDict& source,
                    const exchange::ImportedModel& model) {
  const config::ModelConfig& c = model.config;
  std::string text =
      fmt::format("{}: {}, {} tensors\n", o.in, source.container(), source.entries().size());
  text += fmt::format("program         {}{}\n",
                      c.net.kind == config::NetKind::kWavenet ? "WaveGlow" : "SqueezeWave",
                      c.coupling.alternate ? ", old split" : "");
  text +=
      fmt::format("parameters      {:.2f} M{}\n", static_cast<double>(values_in(model.file)) * 1e-6,
                  c.net.weight_norm ? ", weight-normalised" : "");
  text += fmt::format("flow            {} steps of {} channels", c.steps, c.lift.channels);
  if (c.early.every > 0)
    text += fmt::format(", {} leave every {} steps", c.early.channels, c.early.every);
  text += fmt::format("\nnets            {} layers of {} channels, kernel {}\n", c.net.layers,
                      c.net.channels, c.net.kernel);
  text += fmt::format("mel             {}\n", describe(c.mel));
  for (const std::string& remark : model.remarks)
    text += fmt::format("note            {}\n", remark);
  return text + o.out + ": written";
}

int run(const Options& o) {
  for (const std::string& input : {o.in, o.import.config}) refuse_overwriting(input, o.out);
  const pytorch::StateDict source(o.in);
  const exchange::ImportedModel model = exchange::import_waveglow(source, o.import);
  engine::check_model(model.file, model.config, o.in);
  safetensors::write_safetensors(o.out, model.file);
  print_result(o.json, to_json(o, source, model), to_text(o, source, model));
  return 0;
}

std::function<int()> setup(CLI::App& app) {
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
  add_json(app, o->json);
  return [o] { return run(*o); };
}

const Registration registration(
    {"import", Group::kModels, "Take over a WaveGlow or SqueezeWave checkpoint",
     "  glowvox import waveglow_256channels.pt -o waveglow.safetensors\n"
     "  glowvox import checkpoint.pt --config config.json -o model.safetensors --json",
     setup});

}  // namespace

}  // namespace glowvox::tools

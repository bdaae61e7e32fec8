// SPDX-License-Identifier: MIT
// glowvox export: a model as a checkpoint of NVIDIA's WaveGlow or of SqueezeWave.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "command.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "exchange/waveglow_export.hpp"
#include "options.hpp"
#include "pytorch/torch_writer.hpp"
#include "safetensors/model_metadata.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string model, out;
  bool json = false;
};

int run(const Options& o) {
  const auto extension = std::filesystem::path(o.out).extension();
  const bool safetensors = extension == ".safetensors";
  if (!safetensors && extension != ".pt" && extension != ".pth")
    throw UsageError(o.out, "expected a name that ends in .pt, .pth or .safetensors");
  refuse_overwriting(o.model, o.out);
  const safetensors::MappedSafetensors model(o.model);
  const config::ModelConfig config = safetensors::model_config(model.metadata(), o.model);
  auto tensors = exchange::export_waveglow(config, model, o.model);
  const std::size_t count = tensors.size();
  if (safetensors)
    safetensors::write_safetensors(o.out, {{{"format", "pt"}}, std::move(tensors)});
  else
    pytorch::write_state_dict(o.out, tensors);
  print_result(
      o.json, {{"out", o.out}, {"tensors", count}},
      fmt::format("{}: {} tensors under {}'s names", o.out, count,
                  config.net.kind == config::NetKind::kWavenet ? "WaveGlow" : "SqueezeWave"));
  return 0;
}

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("MODEL", o->model, "Model file (.safetensors)")->required();
  app.add_option("-o,--out", o->out, "A state dict: .pt or .pth (as torch.save), or .safetensors")
      ->required();
  add_json(app, o->json);
  return [o] { return run(*o); };
}

const Registration registration({"export", Group::kModels,
                                 "Write a model as a WaveGlow or SqueezeWave checkpoint",
                                 "  glowvox export model.safetensors -o state_dict.pt\n"
                                 "  glowvox export model.safetensors -o state_dict.safetensors",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

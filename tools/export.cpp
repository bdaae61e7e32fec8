// SPDX-License-Identifier: MIT
// glowvox export: a model as a checkpoint of NVIDIA's WaveGlow or of SqueezeWave.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "core/printable.hpp"
#include "exchange/waveglow_export.hpp"
#include "pytorch/torch_writer.hpp"
#include "safetensors/model_metadata.hpp"
#include "sound.hpp"

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
  if (o.json)
    fmt::print("{}\n", nlohmann::json{{"out", o.out}, {"tensors", count}}.dump(
                           2, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    fmt::print("{}: {} tensors under {}'s names\n", printable(o.out), count,
               config.net.kind == config::NetKind::kWavenet ? "WaveGlow" : "SqueezeWave");
  return 0;
}

}  // namespace

std::function<int()> setup_export(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("MODEL", o->model, "Model file (.safetensors)")->required();
  app.add_option("-o,--out", o->out, "A state dict: .pt or .pth (as torch.save), or .safetensors")
      ->required();
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools

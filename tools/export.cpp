// SPDX-License-Identifier: MIT
// glowvox export: a model as a checkpoint of NVIDIA's WaveGlow or of SqueezeWave, or as ONNX
// graphs.
#include "onnx/export.hpp"

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
  onnx::ExportOptions onnx;  // the model's and the output's names too
  bool to_onnx = false;
};

int write_state_dict(const onnx::ExportOptions& o) {
  const auto extension = std::filesystem::path(o.out).extension();
  const bool safetensors = extension == ".safetensors";
  if (!safetensors && extension != ".pt" && extension != ".pth")
    throw UsageError(o.out, "expected a name that ends in .pt, .pth or .safetensors",
                     "or in .onnx, with --onnx");
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

int run(const Options& o) {
  if (!o.to_onnx) return write_state_dict(o.onnx);
  onnx::export_onnx(o.onnx);
  return 0;
}

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("MODEL", o->onnx.model, "Model file (.safetensors)")->required();
  app.add_option("-o,--out", o->onnx.out,
                 "A state dict: .pt or .pth (as torch.save), or .safetensors; with --onnx: .onnx")
      ->required();
  CLI::Option* to_onnx = app.add_flag(
      "--onnx", o->to_onnx,
      "Write ONNX graphs of standard operators (docs/onnx.md): NAME.onnx for whole utterances, and "
      "NAME-streaming.onnx where the model does not look ahead");
  CLI::Option* mel_only =
      app.add_flag("--mel-only", o->onnx.mel_only,
                   "One graph that draws its own noise, so that a mel is its only input: what "
                   "sherpa-onnx takes")
          ->needs(to_onnx);
  app.add_option("--sigma", o->onnx.sigma, "Temperature of that noise")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str()
      ->needs(mel_only);
  // The graph holds it as a float.
  app.add_option("--seed", o->onnx.seed, "Seed of that noise (default: another one every time)")
      ->check(CLI::Range(0, 1 << 24))
      ->needs(mel_only);
  app.add_flag("--half", o->onnx.half,
               "Weights in half precision: half the size; computation stays in float")
      ->needs(to_onnx);
  add_json(app, o->onnx.json);
  return [o] { return run(*o); };
}

const Registration registration(
    {"export", Group::kModels, "Write a model as ONNX, or as a WaveGlow or SqueezeWave checkpoint",
     "  glowvox export model.safetensors -o state_dict.pt\n"
     "  glowvox export model.safetensors -o state_dict.safetensors\n"
     "  glowvox export model.safetensors --onnx -o voice.onnx\n"
     "  glowvox export model.safetensors --onnx --mel-only -o vocoder.onnx",
     setup});

}  // namespace

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
// WaveGlow-256 whole: through a zip file into the engine, against the definition of the model
// written down once more with LibTorch's own operations.
#include <doctest/doctest.h>

#include "engine/random_models.hpp"
#include "exchange/waveglow_export.hpp"
#include "pytorch/torch_writer.hpp"
#include "safetensors/floats.hpp"
#include "safetensors/model_metadata.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

using Tensors = std::map<std::string, safetensors::Tensor>;

// NVIDIA's WaveGlow in evaluation mode (Prenger, Valle, Catanzaro 2019; section 2), channels first.
class Reference {
 public:
  explicit Reference(const Tensors& tensors) : tensors_(tensors) {}

  // mel [1, bands, F], z [1, 8, T] in the order of encoding -> audio [F * 256].
  Tensor infer(const Tensor& mel, const Tensor& z) const {
    const int64_t F = mel.size(2);
    const Tensor up = at::conv_transpose1d(mel, get("upsample.weight"), get("upsample.bias"), {256})
                          .narrow(2, 0, F * 256);
    // [1, bands, T, 8] -> [1, bands * 8, T]
    const Tensor spect = up.unfold(2, 8, 8).permute({0, 1, 3, 2}).reshape({1, 640, F * 32});
    Tensor audio = z.narrow(1, 4, 4);
    int64_t early = 4;
    for (int k = 11; k >= 0; --k) {
      const int64_t half = audio.size(1) / 2;
      const Tensor a = audio.narrow(1, 0, half), b = audio.narrow(1, half, half);
      const Tensor out = wavenet("WN." + std::to_string(k) + ".", a, spect);
      const Tensor t = out.narrow(1, 0, half), log_s = out.narrow(1, half, half);
      audio = torch::cat({a, (b - t) / torch::exp(log_s)}, 1);
      const Tensor W = get("convinv." + std::to_string(k) + ".conv.weight").squeeze(2);
      audio =
          at::conv1d(audio, at::linalg_inv(W.to(torch::kDouble)).to(torch::kFloat).unsqueeze(2));
      if (k % 4 == 0 && k > 0) {
        early -= 2;
        audio = torch::cat({z.narrow(1, early, 2), audio}, 1);
      }
    }
    return audio.permute({0, 2, 1}).reshape({-1});
  }

 private:
  Tensor get(const std::string& name) const { return model::from_stored(tensors_.at(name)); }

  Tensor conv(const std::string& name, const Tensor& x, int64_t dilation = 1) const {
    const bool normalized = tensors_.count(name + ".weight_v") > 0;
    Tensor weight = get(name + (normalized ? ".weight_v" : ".weight"));
    if (normalized)
      weight = weight * (get(name + ".weight_g") / weight.flatten(1).norm(2, 1).view({-1, 1, 1}));
    const int64_t padding = (weight.size(2) - 1) / 2 * dilation;
    return at::conv1d(x, weight, get(name + ".bias"), 1, padding, dilation);
  }

  Tensor wavenet(const std::string& wn, const Tensor& x, const Tensor& spect) const {
    Tensor h = conv(wn + "start", x), skip;
    const Tensor cond = conv(wn + "cond_layer", spect);
    for (int i = 0; i < 8; ++i) {
      const std::string layer = std::to_string(i);
      const Tensor in =
          conv(wn + "in_layers." + layer, h, int64_t{1} << i) + cond.narrow(1, 512 * i, 512);
      const Tensor acts =
          torch::tanh(in.narrow(1, 0, 256)) * torch::sigmoid(in.narrow(1, 256, 256));
      const Tensor both = conv(wn + "res_skip_layers." + layer, acts);
      if (i < 7) h = h + both.narrow(1, 0, 256);
      const Tensor s = i < 7 ? both.narrow(1, 256, 256) : both;
      skip = skip.defined() ? skip + s : s;
    }
    return conv(wn + "end", skip);
  }

  const Tensors& tensors_;
};

}  // namespace

TEST_CASE("WaveGlow-256 with random weights, from a zip file") {
  const torch::NoGradGuard no_grad;
  const test::TemporaryDirectory folder;
  const std::string made = folder.file("made"), zip = folder.file("x.pt"),
                    imported = folder.file("imported");
  Tensors tensors;
  {
    const auto model = test::random_model(
        config::read_config(std::string(GLOWVOX_CONFIGS) + "/waveglow-256.yaml"));
    model::save_model(made, *model);
    tensors = exchange::export_waveglow(model->config(), safetensors::MappedSafetensors(made),
                                        "waveglow-256");
    pytorch::write_state_dict(zip, tensors);
    std::filesystem::remove(made);
  }
  test::import_checkpoint(zip, imported);
  const config::ModelConfig config =
      safetensors::model_config(safetensors::MappedSafetensors(imported).metadata(), imported);
  CHECK(config.steps == 12);
  CHECK(config.net.layers == 8);
  CHECK(config.net.channels == 256);
  CHECK(config.early.every == 4);
  CHECK(config.early.channels == 2);

  const Vocoder vocoder = Vocoder::load(imported, Precision::kFloat32);
  const Mel mel = test::speech_like_mel(vocoder.mel(), 6, 3);
  const auto model = model::load_model(imported);
  const Tensor z = model->noise(1, mel.frames, 0.7, 5);  // [T, 1, 8]
  const Tensor frames = torch::tensor(mel.values).view({1, mel.frames, mel.bands});
  const Tensor expected =
      Reference(tensors).infer(frames.transpose(1, 2).contiguous(), z.permute({1, 2, 0}));
  const double size = expected.abs().max().item<double>();
  CHECK(size > 0.1);
  const Tensor ours = model->decode(z, frames).view({-1});
  CHECK((ours - expected).abs().max().item<double>() < 1e-4 * size);
  const auto engine = vocoder.synthesize(mel, {0.7, 5, 2});
  CHECK((torch::tensor(engine) - expected).abs().max().item<double>() < 1e-4 * size);
}

// SPDX-License-Identifier: MIT
#include "exchange/waveglow_variant.hpp"

#include <fmt/format.h>

#include "glowvox/error.hpp"

namespace glowvox::exchange {

using config::ModelConfig;

namespace {

// WaveGlow's transposed convolution is four hops long.
constexpr std::int64_t kHopsInKernel = 4;
constexpr std::int64_t kMostSize = 1 << 20;
constexpr int kMostSteps = 1024;

int sized(std::int64_t size, const Source& source, const std::string& name) {
  if (size < 1 || size > kMostSize)
    throw Error(source.file().path(),
                fmt::format("tensor '{}' has a dimension of {}", source.prefix() + name, size));
  return static_cast<int>(size);
}

int count_of(const Source& source, const std::string& start, const std::string& end) {
  int count = 0;
  while (count < kMostSteps && source.has(start + std::to_string(count) + end)) ++count;
  return count;
}

int weight_size(const Source& source, const std::string& conv, std::size_t axis) {
  const std::string name = weight_name(source, conv);
  return sized(source.size(name, axis), source, name);
}

bool is_separable(const Source& source) {
  return source.has("WN.0.in_layers.0.0.weight") || source.has("WN.0.in_layers.0.1.weight");
}

int layers_of(const Source& source) {
  int layers = 0;
  while (layers < kMostSteps) {
    const std::string i = std::to_string(layers);
    if (!source.has("WN.0.res_skip_layers." + i + ".bias") &&
        !source.has("WN.0.skip_layers." + i + ".bias"))
      break;
    ++layers;
  }
  return layers;
}

// Where the mixings get smaller, channels leave.
config::EarlyConfig early_of(const Source& source, int steps, int group) {
  config::EarlyConfig early;
  for (int i = 1; i < steps && early.every == 0; ++i) {
    const std::string name = fmt::format("convinv.{}.conv.weight", i);
    const int channels = sized(source.size(name, 0), source, name);
    if (channels >= group) continue;
    early.every = i;
    early.channels = group - channels;
  }
  return early;
}

void read_net(const Source& source, ModelConfig& c) {
  const bool separable = is_separable(source);
  c.net.kind = separable ? config::NetKind::kSeparable : config::NetKind::kWavenet;
  c.net.channels = weight_size(source, "WN.0.start", 0);
  c.net.layers = layers_of(source);
  if (c.net.layers == 0)
    throw Error(source.file().path(),
                "tensor '" + source.prefix() + "WN.0.res_skip_layers.0.bias' is missing");
  if (separable) {
    const bool norms = source.has("WN.0.in_layers.0.0.running_mean");
    c.net.kernel = weight_size(source, norms ? "WN.0.in_layers.0.1" : "WN.0.in_layers.0.0", 2);
    c.net.dilations.assign(static_cast<std::size_t>(c.net.layers), 1);
    c.conditioner.kind = config::ConditionerKind::kRepeat;
  } else {
    c.net.kernel = weight_size(source, "WN.0.in_layers.0", 2);
    c.conditioner.kind = config::ConditionerKind::kUpsample;
    c.conditioner.kernel = sized(source.size("upsample.weight", 2), source, "upsample.weight");
  }
}

int bands_of(const Source& source, bool separable) {
  if (!separable) return sized(source.size("upsample.weight", 0), source, "upsample.weight");
  const bool per_layer = source.has("WN.0.cond_layers.0.bias");
  return weight_size(source, per_layer ? "WN.0.cond_layers.0" : "WN.0.cond_layer", 1);
}

}  // namespace

bool is_normalized(const Source& source, const std::string& conv) {
  return source.has(conv + ".weight_v") || source.has(conv + ".parametrizations.weight.original1");
}

std::string weight_name(const Source& source, const std::string& conv) {
  if (source.has(conv + ".weight_v")) return conv + ".weight_v";
  if (is_normalized(source, conv)) return conv + ".parametrizations.weight.original1";
  return conv + ".weight";
}

TheirForm form_of(const Source& source, const ModelConfig& config) {
  TheirForm form;
  form.cond_per_layer = source.has("WN.0.cond_layers.0.bias");
  form.split_res_skip = source.has("WN.0.skip_layers.0.bias");
  form.batch_norms = config.net.kind == config::NetKind::kSeparable &&
                     source.has("WN.0.in_layers.0.0.running_mean");
  return form;
}

Variant variant_of(const Source& source, const std::string& mel, const TrainingConfig& training) {
  Variant v;
  ModelConfig& c = v.config;
  c.steps = count_of(source, "convinv.", ".conv.weight");
  c.lift.channels = sized(source.size("convinv.0.conv.weight", 0), source, "convinv.0.conv.weight");
  c.mixing = config::MixingKind::kConv1x1;
  c.early = early_of(source, c.steps, c.lift.channels);
  read_net(source, c);
  const bool separable = c.net.kind == config::NetKind::kSeparable;

  const MelSpec given = mel.empty() ? MelSpec{} : config::parse_mel_spec(mel, "--mel");
  c.mel = mel_spec(training, given);
  c.mel.bands = bands_of(source, separable);
  if (!mel.empty() && given.bands != c.mel.bands)
    throw Error("--mel",
                fmt::format("has {} bands, the checkpoint takes {}", given.bands, c.mel.bands));
  const bool told = !mel.empty() || training.hop_samples > 0;
  const std::int64_t stride = source.file().stride_of(source.prefix() + "upsample");
  if (!separable && !told) {
    c.mel.hop_samples =
        stride > 0 ? sized(stride, source, "upsample") : c.conditioner.kernel / kHopsInKernel;
    if (stride == 0)
      v.remarks.push_back(fmt::format("hop of {} samples: a quarter of upsample's kernel of {}",
                                      c.mel.hop_samples, c.conditioner.kernel));
  }
  if (!told)
    v.remarks.push_back(
        "mel as NVIDIA's Tacotron 2 makes it, which the tensors do not tell; --config "
        "or --mel says otherwise");
  if (stride > 0 && stride != c.mel.hop_samples)
    throw Error(
        source.file().path(),
        fmt::format("upsample has a stride of {}, the mel a hop of {}", stride, c.mel.hop_samples));
  const char* program = separable ? "squeezewave" : "waveglow";
  c.name = separable ? fmt::format("squeezewave-{}-{}", c.lift.channels, c.net.channels)
                     : fmt::format("waveglow-{}", c.net.channels);
  c.purpose = fmt::format("imported from a {} checkpoint", program);
  return v;
}

}  // namespace glowvox::exchange

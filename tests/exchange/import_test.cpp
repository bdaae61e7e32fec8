// SPDX-License-Identifier: MIT
// The same weights in the forms that people have them in.
#include <cmath>

#include "core/atomic_file.hpp"
#include "eval/difference.hpp"
#include "exchange/waveglow_export.hpp"
#include "exchange/waveglow_import.hpp"
#include "glowvox/vocoder.hpp"
#include "golden.hpp"
#include "pytorch/torch_writer.hpp"
#include "safetensors/floats.hpp"
#include "safetensors/model_metadata.hpp"

using namespace glowvox;
using test::contains;
using test::data_file;
using test::error_of;
using Tensors = std::map<std::string, safetensors::Tensor>;

namespace {

const std::string kWaveglow = "waveglow/tiny_state_dict.pt";
const std::string kSqueezewave = "squeezewave/tiny_state_dict.pt";

// A checkpoint's tensors, to be changed and written again.
Tensors tensors_of(const std::string& checkpoint) {
  const pytorch::StateDict file(data_file(checkpoint));
  Tensors tensors;
  for (const auto& [name, entry] : file.entries())
    if (entry.dtype == "F32")
      tensors[name] = safetensors::to_tensor(entry.shape, file.floats(name));
  return tensors;
}

std::vector<float> floats(const safetensors::Tensor& tensor) {
  return safetensors::to_floats(tensor.dtype, tensor.bytes.data(), tensor.bytes.size(), "");
}

bool has(const std::string& text, const std::string& part) { return contains(text, part); }

exchange::ImportedModel imported(const test::TemporaryDirectory& folder, const Tensors& tensors,
                                 const exchange::ImportOptions& options = {}) {
  pytorch::write_state_dict(folder.file("x.pt"), tensors);
  return exchange::import_waveglow(pytorch::StateDict(folder.file("x.pt")), options);
}

exchange::ImportedModel golden(const std::string& checkpoint) {
  return exchange::import_waveglow(pytorch::StateDict(data_file(checkpoint)), {});
}

bool same_tensors(const safetensors::Safetensors& a, const safetensors::Safetensors& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.bytes != tensor.bytes ||
        other->second.shape != tensor.shape)
      return false;
  }
  return true;
}

std::vector<float> sound(const test::TemporaryDirectory& folder,
                         const exchange::ImportedModel& model) {
  safetensors::write_safetensors(folder.file("m.safetensors"), model.file);
  const Vocoder vocoder = Vocoder::load(folder.file("m.safetensors"), Precision::kFloat32);
  Mel mel{12, 8, std::vector<float>(96)};
  for (int i = 0; i < 96; ++i) mel.values[static_cast<std::size_t>(i)] = std::sin(0.7F * i) - 4.0F;
  return vocoder.synthesize(mel, {0.7, 4, 1});
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - b[i]));
  return most;
}

// Another weight for every convolution whose name is wanted: g * v / |v|.
void remove_weight_norm(Tensors& tensors, const std::string& wanted) {
  const Tensors before = tensors;
  for (const auto& [name, v] : before) {
    const std::size_t end = name.rfind(".weight_v");
    if (end == std::string::npos || !has(name, wanted)) continue;
    const std::string base = name.substr(0, end);
    std::vector<float> weight = floats(v);
    const std::vector<float> g = floats(before.at(base + ".weight_g"));
    const std::size_t size = weight.size() / g.size();
    for (std::size_t n = 0; n < g.size(); ++n) {
      double square = 0.0;
      for (std::size_t i = 0; i < size; ++i) square += std::pow(weight[n * size + i], 2.0);
      for (std::size_t i = 0; i < size; ++i)
        weight[n * size + i] = static_cast<float>(weight[n * size + i] * g[n] / std::sqrt(square));
    }
    tensors[base + ".weight"] = safetensors::to_tensor(v.shape, weight);
    tensors.erase(base + ".weight_v");
    tensors.erase(base + ".weight_g");
  }
}

// The rows of residual and of skip as layers of their own.
void split_res_skip(Tensors& tensors, int steps, int layers) {
  for (int k = 0; k < steps; ++k) {
    for (int i = 0; i < layers; ++i) {
      const std::string wn = "WN." + std::to_string(k) + ".", layer = std::to_string(i) + ".";
      for (const char* part : {"bias", "weight_g", "weight_v"}) {
        const safetensors::Tensor both = tensors.at(wn + "res_skip_layers." + layer + part);
        tensors.erase(wn + "res_skip_layers." + layer + part);
        const bool last = i + 1 == layers;
        safetensors::Tensor half = both;
        if (!last) half.shape[0] /= 2;
        half.bytes = both.bytes.substr(last ? 0 : both.bytes.size() / 2);
        tensors[wn + "skip_layers." + layer + part] = half;
        half.bytes = both.bytes.substr(0, both.bytes.size() / 2);
        if (!last) tensors[wn + "res_layers." + layer + part] = half;
      }
    }
  }
}

// Rows of the one conditioning layer as a layer for each of `layers`.
void split_conditions(Tensors& tensors, int steps, int layers) {
  for (int k = 0; k < steps; ++k) {
    const std::string wn = "WN." + std::to_string(k) + ".";
    for (const char* part : {"bias", "weight_g", "weight_v"}) {
      const safetensors::Tensor all = tensors.at(wn + "cond_layer." + part);
      const std::size_t bytes = all.bytes.size() / static_cast<std::size_t>(layers);
      for (int i = 0; i < layers; ++i) {
        safetensors::Tensor one{all.dtype, all.shape, all.bytes.substr(bytes * i, bytes)};
        one.shape[0] /= layers;
        tensors[wn + "cond_layers." + std::to_string(i) + "." + part] = one;
      }
      tensors.erase(wn + "cond_layer." + part);
    }
  }
}

}  // namespace

TEST_CASE("the five containers of one WaveGlow give one model") {
  const exchange::ImportedModel model = golden(kWaveglow);
  for (const char* other : {"waveglow/tiny_state_dict_legacy.pt", "waveglow/tiny_pickled_module.pt",
                            "waveglow/tiny_dataparallel_state_dict.pt", "torch/legacy_module.pt"}) {
    CAPTURE(other);
    CHECK(same_tensors(golden(other).file, model.file));
  }
  const test::TemporaryDirectory folder;
  const exchange::ImportedModel plain = golden("waveglow/tiny_state_dict_no_weight_norm.pt");
  CHECK(!plain.config.net.weight_norm);
  CHECK(difference(sound(folder, plain), sound(folder, model)) < 1e-5);
}

TEST_CASE("the variant is worked out from names and shapes") {
  const config::ModelConfig waveglow = golden(kWaveglow).config;
  CHECK(waveglow.steps == 6);
  CHECK(waveglow.lift.channels == 8);
  CHECK(waveglow.early.every == 2);
  CHECK(waveglow.early.channels == 2);
  CHECK(waveglow.net.layers == 3);
  CHECK(waveglow.net.channels == 16);
  CHECK(waveglow.net.weight_norm);
  CHECK(waveglow.mel.bands == 8);
  CHECK(waveglow.mel.hop_samples == 256);
  CHECK(waveglow.conditioner.kernel == 1024);
  CHECK(!waveglow.coupling.alternate);
  CHECK(waveglow.synthesis.denoise == 0.0);
  const config::ModelConfig squeezewave = golden(kSqueezewave).config;
  CHECK(squeezewave.net.kind == config::NetKind::kSeparable);
  CHECK(squeezewave.lift.channels == 128);
  CHECK(squeezewave.early.channels == 16);
  CHECK(squeezewave.net.layers == 2);
  CHECK(squeezewave.conditioner.kind == config::ConditionerKind::kRepeat);
}

TEST_CASE("names of other times and programs") {
  const test::TemporaryDirectory folder;
  const Tensors plain = tensors_of(kWaveglow);
  const safetensors::Safetensors expected = golden(kWaveglow).file;
  SUBCASE("parametrizations, as PyTorch 2 has them") {
    Tensors tensors;
    for (const auto& [name, tensor] : plain) {
      std::string other = name;
      for (const auto& [from, to] :
           {std::pair{".weight_g", "original0"}, std::pair{".weight_v", "original1"}}) {
        const std::size_t at = other.rfind(from);
        if (at != std::string::npos) other = other.substr(0, at) + ".parametrizations.weight." + to;
      }
      tensors[other] = tensor;
    }
    CHECK(same_tensors(imported(folder, tensors).file, expected));
  }
  SUBCASE("a prefix, and another module beside it") {
    Tensors tensors;
    for (const auto& [name, tensor] : plain) tensors["module.generator." + name] = tensor;
    tensors["discriminator.weight"] = safetensors::to_tensor({1}, {1.0F});
    const exchange::ImportedModel model = imported(folder, tensors);
    CHECK(same_tensors(model.file, expected));
    CHECK(contains(model.remarks.back(), "1 tensors outside 'module.generator.' left out"));
  }
  SUBCASE("a conditioning layer for every layer") {
    Tensors tensors = plain;
    split_conditions(tensors, 6, 3);
    CHECK(same_tensors(imported(folder, tensors).file, expected));
  }
  SUBCASE("residual and skip as layers of their own") {
    Tensors tensors = plain;
    split_conditions(tensors, 6, 3);
    split_res_skip(tensors, 6, 3);
    CHECK(same_tensors(imported(folder, tensors).file, expected));
  }
  SUBCASE("safetensors") {
    safetensors::write_safetensors(folder.file("x.safetensors"), {{}, plain});
    const pytorch::StateDict source(folder.file("x.safetensors"));
    CHECK(source.container() == "safetensors");
    CHECK(same_tensors(exchange::import_waveglow(source, {}).file, expected));
  }
  SUBCASE("weight normalisation removed in part") {
    Tensors tensors = plain;
    remove_weight_norm(tensors, ".in_layers.");
    const exchange::ImportedModel model = imported(folder, tensors);
    CHECK(!model.config.net.weight_norm);
    CHECK(difference(sound(folder, model), sound(folder, golden(kWaveglow))) < 1e-5);
  }
  SUBCASE("the old split is another model") {
    exchange::ImportOptions options;
    options.old_split = true;
    const exchange::ImportedModel model = imported(folder, plain, options);
    CHECK(model.config.coupling.alternate);
    CHECK(difference(sound(folder, model), sound(folder, golden(kWaveglow))) > 1e-3);
  }
}

TEST_CASE(
    "SqueezeWave: batch normalisations become affine maps, folded ones are taken as they are") {
  const test::TemporaryDirectory folder;
  Tensors tensors = tensors_of(kSqueezewave);
  const exchange::ImportedModel model = imported(folder, tensors);
  const auto before = [&](const std::string& part) {
    return floats(tensors.at("WN.3.in_layers.1.0." + part));
  };
  const std::vector<float> scale = floats(model.file.tensors.at("step_3_coupling.net.scale_1"));
  const std::vector<float> shift = floats(model.file.tensors.at("step_3_coupling.net.shift_1"));
  for (std::size_t c = 0; c < scale.size(); ++c) {
    const double factor = before("weight")[c] / std::sqrt(before("running_var")[c] + 1e-5);
    CHECK(scale[c] == doctest::Approx(factor));
    CHECK(shift[c] == doctest::Approx(before("bias")[c] - before("running_mean")[c] * factor));
  }
  // Without the normalisation the layers that follow move up.
  Tensors folded;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t at = name.find(".in_layers.");
    std::string other = name;
    if (at != std::string::npos) {
      const std::size_t layer = at + 13;  // ".in_layers.0." and then 0, 1 or 2
      if (name[layer] == '0') continue;
      other[layer] = static_cast<char>(name[layer] - 1);
    }
    folded[other] = tensor;
  }
  const exchange::ImportedModel without = imported(folder, folded);
  CHECK(floats(without.file.tensors.at("step_0_coupling.net.scale_0")) ==
        std::vector<float>(16, 1.0F));
  CHECK(without.file.tensors.at("step_0_coupling.net.depthwise_0.weight").bytes ==
        model.file.tensors.at("step_0_coupling.net.depthwise_0.weight").bytes);
  CHECK(contains(without.remarks.back(), "folded"));
}

TEST_CASE("what does not fit is refused by name") {
  const test::TemporaryDirectory folder;
  Tensors tensors = tensors_of(kWaveglow);
  const auto refusal = [&] { return error_of([&] { imported(folder, tensors); }); };
  SUBCASE("missing") {
    tensors.erase("WN.2.res_skip_layers.1.bias");
    CHECK(contains(refusal(), "tensor 'WN.2.res_skip_layers.1.bias' is missing"));
  }
  SUBCASE("extra") {
    tensors["WN.2.more"] = safetensors::to_tensor({2}, {1, 2});
    CHECK(contains(refusal(), "tensor 'WN.2.more' of shape [2] has no place in this model"));
  }
  SUBCASE("misshapen") {
    tensors["WN.4.end.weight"].shape = {16, 4, 1};
    CHECK(
        contains(refusal(), "tensor 'WN.4.end.weight': expected shape [4, 16, 1], got [16, 4, 1]"));
  }
  SUBCASE("not finite") {
    tensors["upsample.bias"] = safetensors::to_tensor({8}, std::vector<float>(8, std::nanf("")));
    CHECK(contains(refusal(), "tensor 'upsample.bias' holds values that are not finite"));
  }
  SUBCASE("no weight") {
    tensors["WN.0.start.weight_v"] = safetensors::to_tensor({16, 4, 1}, std::vector<float>(64));
    Tensors plain = tensors;
    remove_weight_norm(plain, ".in_layers.");  // so that the others are multiplied out
    tensors = plain;
    CHECK(contains(refusal(), "'WN.0.start': output channel 0 is all zero"));
  }
  SUBCASE("another program's") {
    tensors = {{"conv_pre.weight", safetensors::to_tensor({1}, {1})}};
    CHECK(contains(refusal(), "is no WaveGlow or SqueezeWave: tensor 'convinv.0.conv.weight'"));
  }
}

TEST_CASE("configurations beside a checkpoint") {
  const test::TemporaryDirectory folder;
  const Tensors tensors = tensors_of(kWaveglow);
  exchange::ImportOptions options;
  options.config = folder.file("config");
  const auto with = [&](const std::string& text) {
    write_file(options.config, text);
    return imported(folder, tensors, options);
  };
  const auto refusal = [&](const std::string& text) { return error_of([&] { with(text); }); };
  SUBCASE("the JSON that it was trained with") {
    const exchange::ImportedModel model = with(
        R"({"data_config": {"sampling_rate": 16000, "filter_length": 2048, "hop_length": 200,
            "win_length": 1600, "mel_fmin": 50.0, "mel_fmax": 7600.0},
            "waveglow_config": {"n_flows": 6, "n_group": 8}})");
    CHECK(model.config.mel.sample_rate_hz == 16000);
    CHECK(model.config.mel.n_fft == 2048);
    CHECK(model.config.mel.hop_samples == 200);
    CHECK(model.config.mel.f_min_hz == 50.0);
    CHECK(contains(refusal(R"({"waveglow_config": {"n_flows": 12}})"), "says n_flows 12"));
    CHECK(contains(refusal(R"({"waveglow_config": {"n_flows": "x"}})"), "n_flows is \"x\""));
    CHECK(with(read_file(data_file("waveglow/tiny_config.json"))).config.steps == 6);
  }
  SUBCASE("a configuration of ours") {
    const std::string yaml = config::to_yaml(golden(kWaveglow).config);
    CHECK(config::to_yaml(with(yaml).config) == yaml);
    CHECK(contains(refusal("lift: {kind: mdct, channels: 256}\n"), "lift.kind is not squeeze"));
    config::ModelConfig other = golden(kWaveglow).config;
    other.net.channels = 32;
    CHECK(contains(refusal(config::to_yaml(other)),
                   "'WN.0.start.weight_v': expected shape [32, 4, 1]"));
  }
  SUBCASE("a mel specification") {
    options.config.clear();
    options.mel = "{preset: hifigan, bands: 8}";
    CHECK(imported(folder, tensors, options).config.mel.padding == MelPadding::kHop);
    options.mel = "tacotron2";
    CHECK(contains(error_of([&] { imported(folder, tensors, options); }), "has 80 bands"));
    options.mel.clear();
    options.config = folder.file("config");
    config::ModelConfig ours = golden(kWaveglow).config;
    ours.synthesis.denoise = 0.02;
    CHECK(with(config::to_yaml(ours)).config.synthesis.denoise == 0.02);
    options.denoise = 0.5;
    CHECK(with(config::to_yaml(ours)).config.synthesis.denoise == 0.5);
    CHECK(with(R"({"data_config": {"sampling_rate": 16000, "mel_fmax": null}})")
              .config.mel.f_max_hz == 8000.0);
    CHECK(with(R"({"data_config": {"sampling_rate": 24000, "mel_fmax": null}})")
              .config.mel.f_max_hz == 12000.0);
  }
}

TEST_CASE("export gives back what was imported") {
  const test::TemporaryDirectory folder;
  for (const std::string& checkpoint :
       {kWaveglow, kSqueezewave, std::string("waveglow/tiny_state_dict_no_weight_norm.pt")}) {
    CAPTURE(checkpoint);
    const exchange::ImportedModel model = golden(checkpoint);
    safetensors::write_safetensors(folder.file("m.safetensors"), model.file);
    const safetensors::MappedSafetensors file(folder.file("m.safetensors"));
    const Tensors exported = exchange::export_waveglow(model.config, file, "m");
    const pytorch::StateDict before(data_file(checkpoint));
    CHECK(exported.size() == before.entries().size());
    if (checkpoint != kSqueezewave)
      for (const auto& [name, tensor] : exported) CHECK(floats(tensor) == before.floats(name));
    pytorch::write_state_dict(folder.file("again.pt"), exported);
    const auto again = exchange::import_waveglow(pytorch::StateDict(folder.file("again.pt")), {});
    CHECK(difference(sound(folder, again), sound(folder, model)) < 1e-6);
  }
  // Odd steps the other way round: a conditioning layer for every layer.
  exchange::ImportOptions options;
  options.old_split = true;
  const auto old = exchange::import_waveglow(pytorch::StateDict(data_file(kWaveglow)), options);
  safetensors::write_safetensors(folder.file("m.safetensors"), old.file);
  const Tensors exported = exchange::export_waveglow(
      old.config, safetensors::MappedSafetensors(folder.file("m.safetensors")), "m");
  CHECK(exported.count("WN.0.cond_layers.2.weight_v") == 1);
  CHECK(same_tensors(imported(folder, exported, options).file, old.file));
  config::ModelConfig ours =
      config::read_config(std::string(GLOWVOX_CONFIGS) + "/mdct-causal.yaml");
  CHECK(contains(error_of([&] {
                   exchange::export_waveglow(
                       ours, safetensors::MappedSafetensors(folder.file("m.safetensors")), "m");
                 }),
                 "m: is neither a WaveGlow nor a SqueezeWave: lift.kind is not squeeze"));
}

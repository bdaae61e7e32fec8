// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <filesystem>

#include "config/model_config.hpp"
#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

using namespace glowvox;

namespace {

void refused(const std::string& yaml, const char* message) {
  CAPTURE(yaml);
  CHECK_THROWS_WITH_AS(config::parse_config(yaml, "x.yaml"), doctest::Contains(message), Error);
}

}  // namespace

TEST_CASE("every shipped configuration is read, and written back the same") {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GLOWVOX_CONFIGS)) {
    if (entry.path().extension() != ".yaml") continue;
    CAPTURE(entry.path().string());
    const config::ModelConfig config = config::read_config(entry.path().string());
    CHECK(config.name == entry.path().stem().string());
    CHECK(!config.purpose.empty());
    const std::string yaml = config::to_yaml(config);
    const config::ModelConfig again = config::parse_config(yaml, "again");
    CHECK(config::to_yaml(again) == yaml);
    CHECK(again.mel == config.mel);
    ++seen;
  }
  CHECK(seen >= 11);
}

TEST_CASE("a configuration is written in one form, which checkpoints compare") {
  config::ModelConfig config = config::parse_config("name: x\nmel: vocos_24k", "x.yaml");
  config.net.dilations = {1, 2};
  config.mel_statistics = {{-5.1F}, {0.3F}};
  const std::string yaml = config::to_yaml(config);
  CHECK(yaml.rfind("name: x\npurpose: \"\"\nalignment: as_is\nlift:\n  kind: squeeze\n", 0) == 0);
  CHECK(yaml.find("\n  dilations: [1, 2]\n  causal: false\n") != std::string::npos);
  CHECK(yaml.find("\n  rate: 0.001\n") != std::string::npos);
  CHECK(yaml.find("\n    speed:\n      probability: 0\n      least: 0.80000000000000004\n") !=
        std::string::npos);
  CHECK(yaml.find("\n  mean: [-5.0999999]\n  deviation: [0.300000012]\nmel:\n  sample_rate_hz: "
                  "24000\n") != std::string::npos);
}

TEST_CASE("names stand for the values that they name") {
  const config::ModelConfig c = config::parse_config(
      "alignment: hop_center\nlift: {kind: mdct}\nconditioner: {kind: frames}\nmixing: swap\n"
      "mixing_start: identity\ncoupling: {kind: additive, split: even_odd}\n"
      "net: {kind: separable}\nbase: {kind: tailed}\ntrain: {optimizer: adam}\n"
      "mel: {window: symmetric, padding: zero, scale: htk, norm: none, log: log10, "
      "floor_rule: add}",
      "x.yaml");
  CHECK(c.alignment == config::MelAlignment::kHopCenter);
  CHECK(c.lift.kind == config::LiftKind::kMdct);
  CHECK(c.conditioner.kind == config::ConditionerKind::kFrames);
  CHECK(c.mixing == config::MixingKind::kSwap);
  CHECK(c.mixing_start == config::MixingStart::kIdentity);
  CHECK(c.coupling.kind == config::CouplingKind::kAdditive);
  CHECK(c.coupling.split == config::SplitKind::kEvenOdd);
  CHECK(c.net.kind == config::NetKind::kSeparable);
  CHECK(c.base.kind == config::BaseKind::kTailed);
  CHECK(c.train.optimizer == config::OptimizerKind::kAdam);
  CHECK(c.mel.window == MelWindow::kSymmetric);
  CHECK(c.mel.padding == MelPadding::kZero);
  CHECK(c.mel.scale == MelScale::kHtk);
  CHECK(c.mel.norm == MelNorm::kNone);
  CHECK(c.mel.log == MelLog::kLog10);
  CHECK(c.mel.floor_rule == MelFloor::kAdd);
  for (const char* name : {"none", "conv1x1", "lu", "reverse"})
    CHECK(config::to_yaml(config::parse_config(std::string("mixing: ") + name, "x.yaml"))
              .find(std::string("\nmixing: ") + name + "\n") != std::string::npos);
  CHECK(config::parse_config("mixing: lu", "x.yaml").mixing == config::MixingKind::kLu);
}

TEST_CASE("unknown keys, wrong types and values are refused by key") {
  refused("stepz: 3", "x.yaml: stepz: unknown key; the keys here are actnorm, alignment, base,");
  refused("net: {widht: 3}", "x.yaml: net.widht: unknown key");
  refused("mel: {bandz: 3}", "x.yaml: mel.bandz: unknown key");
  refused("steps: many", "x.yaml: steps: expected a whole number, got 'many'");
  refused("steps: [1]", "x.yaml: steps: expected a whole number, got a list");
  refused("actnorm: 7", "x.yaml: actnorm: expected true or false, got '7'");
  refused("net: 4", "x.yaml: net: expected a map of keys, got '4'");
  refused("mixing: blender", "x.yaml: mixing: expected one of none, conv1x1, lu, reverse, swap");
  refused("mel: nonesuch", "there is no 'nonesuch'; choose one of tacotron2, speechbrain,");
  refused("mel: {preset: nonesuch}", "there is no 'nonesuch'; choose one of");
  refused("mel: {hop_samples: 2000}", "x.yaml: mel: mel hop_samples is 2000, expected 1 to 1024");
  refused("steps: 0", "x.yaml: steps: expected a value from 1 to 1024, got 0");
  refused("train: {rate: -1}", "x.yaml: train.rate: expected a positive number");
  refused("train: {augment: {speed: {least: 1.2, most: 0.9}}}",
          "x.yaml: train.augment.speed.most: expected no less than its lower end 1.2, got 0.9");
  refused("train: {augment: {low_pass: {probability: 1, most_hz: 12000}}}",
          "x.yaml: train.augment.low_pass.most_hz: expected a value from 500 to 11025, got 12000");
  refused("train: {augment: {mel_blur: {frame: 1}}}",
          "x.yaml: train.augment.mel_blur.frame: unknown key");
  refused("train: {batch: 4, accumulate: 5}",
          "x.yaml: train.accumulate: expected a value from 1 to 4, got 5");
  refused("base: {channel_share: 1}",
          "x.yaml: base.channel_share: expected a share between 0 and 1, got 1");
  refused("base: {frame_cost: 0}", "base.frame_cost: expected a positive number of nats, got 0");
  refused("net: {layers: 2, dilations: [1, 0]}",
          "x.yaml: net.dilations: expected a value from 1 to 65536, got 0");
  refused("train: {tempering: 2}", "x.yaml: train.tempering: expected a value from 0 to 1, got 2");
  refused("train: {ema: 2}", "x.yaml: train.ema: expected a value from 0 to 1, got 2");
  refused("net: {channels: 2000000000}", "x.yaml: net.channels: expected a value from 1 to 65536");
  refused("coupling: {log_s_bound: .inf}", "x.yaml: coupling.log_s_bound: expected a value");
  refused("{[1, 2]: 3}", "x.yaml: expected text as a key");
  refused("[1, 2]", "expected a map");
  refused("a: {b: ", "is not YAML");
}

TEST_CASE("impossible combinations are refused by key") {
  refused("lift: {channels: 7}", "x.yaml: lift.channels: expected an even number, got 7");
  refused("lift: {channels: 6}", "x.yaml: lift.channels: expected a divisor of the mel's hop");
  refused("steps: 12\nearly: {every: 4, channels: 4}",
          "x.yaml: early.channels: 4 channels leave before step 8, but only 4 are left");
  refused("early: {every: 4, channels: 3}", "leaves 5 channels at step 4, expected an even number");
  refused("net: {kernel: 4}", "x.yaml: net.kernel: expected an odd number of taps, got 4");
  refused("net: {layers: 3, dilations: [1, 2]}", "expected one for each of the 3 layers, got 2");
  refused("conditioner: {kind: upsample, kernel: 100}", "expected at least the mel's hop");
}

TEST_CASE("values without effect are taken as they are") {
  const auto taken = [](const std::string& yaml) {
    CAPTURE(yaml);
    CHECK_NOTHROW(config::parse_config(yaml, "x.yaml"));
  };
  taken("conditioner: {kind: repeat, channels: 0, kernel: 4}");
  taken("early: {every: 0, channels: 0}");
  taken("train: {augment: {low_pass: {least_hz: 1}}}");
  taken("train: {sample_loss: {weight: 0, log_floor: 0, fft_sizes: []}}");
}

TEST_CASE("mel specifications take a preset and single keys") {
  const MelSpec spec = config::parse_mel_spec("{preset: hifigan, bands: 40}", "option");
  CHECK(spec.padding == MelPadding::kHop);
  CHECK(spec.bands == 40);
  CHECK(config::parse_mel_spec("vocos_24k", "option") == mel_preset("vocos_24k"));
}

TEST_CASE("channels leave early, alignment moves the mel by half a hop") {
  config::ModelConfig config;
  config.early = {4, 2};
  CHECK(config::channels_at_step(config, 3) == 8);
  CHECK(config::channels_at_step(config, 4) == 6);
  CHECK(config::channels_at_step(config, 8) == 4);
  CHECK(config::alignment_shift_samples(config) == 0);
  config.alignment = config::MelAlignment::kHopCenter;
  CHECK(config::alignment_shift_samples(config) == 128);
  config.mel = mel_preset("hifigan");
  CHECK(config::alignment_shift_samples(config) == 0);
}

// SPDX-License-Identifier: MIT
#include "exchange/waveglow_layout.hpp"

#include <algorithm>

#include "config/receptive_field.hpp"
#include "glowvox/error.hpp"

namespace glowvox::exchange {

using config::ModelConfig;

namespace {

std::string at(const std::string& name, int i) { return name + std::to_string(i); }

std::int64_t features_of(const ModelConfig& c) {
  const bool upsample = c.conditioner.kind == config::ConditionerKind::kUpsample;
  return std::int64_t{c.mel.bands} * (upsample ? c.lift.channels : 1);
}

// One coupling's network.
class NetLayout {
 public:
  NetLayout(const ModelConfig& config, const TheirForm& form, int step, WaveglowLayout* to)
      : config_(config),
        form_(form),
        ours_(at("step_", step) + "_coupling.net."),
        theirs_(at("WN.", step) + "."),
        H_(config.net.channels),
        to_(*to) {
    const std::int64_t half = config::channels_at_step(config, step) / 2;
    add("start", "start", H_, 1, half, true);
    add("end", "end", 2 * half, 1, H_, false);
    add_conditions();
    for (int i = 0; i < config.net.layers; ++i) {
      if (config.net.kind == config::NetKind::kWavenet)
        add_wavenet(i);
      else
        add_separable(i);
    }
  }

 private:
  void add(const std::string& ours, const std::string& theirs, std::int64_t out, std::int64_t taps,
           std::int64_t in, bool follows_config) {
    to_.convs.push_back({ours_ + ours, theirs_ + theirs, out, taps, in, follows_config, 0, out});
  }

  void add_conditions() {
    const std::int64_t in = features_of(config_), all = 2 * H_ * config_.net.layers;
    if (!form_.cond_per_layer) {
      add("cond", "cond_layer", all, 1, in, true);
      return;
    }
    for (int i = 0; i < config_.net.layers; ++i)
      add_rows("cond", at("cond_layers.", i), 2 * H_, in, 2 * H_ * i, all);
  }

  // A convolution of one tap that fills some of the rows of ours.
  void add_rows(const std::string& ours, const std::string& theirs, std::int64_t out,
                std::int64_t in, std::int64_t row, std::int64_t rows) {
    to_.convs.push_back({ours_ + ours, theirs_ + theirs, out, 1, in, true, row, rows});
  }

  void add_wavenet(int i) {
    const bool last = i + 1 == config_.net.layers;
    add(at("dilated_", i), at("in_layers.", i), 2 * H_, config_.net.kernel, H_, true);
    if (!form_.split_res_skip) {
      add(at("res_skip_", i), at("res_skip_layers.", i), last ? H_ : 2 * H_, 1, H_, true);
      return;
    }
    const std::int64_t rows = last ? H_ : 2 * H_;
    if (!last) add_rows(at("res_skip_", i), at("res_layers.", i), H_, H_, 0, rows);
    add_rows(at("res_skip_", i), at("skip_layers.", i), H_, H_, rows - H_, rows);
  }

  // Sequential(batch normalisation, depthwise, pointwise); without the first where it was folded.
  void add_separable(int i) {
    const std::string layer = at("in_layers.", i) + ".";
    const int first = form_.batch_norms ? 1 : 0;
    to_.norms.push_back({ours_ + at("scale_", i), ours_ + at("shift_", i),
                         form_.batch_norms ? theirs_ + layer + "0" : "", H_});
    to_.depthwise.push_back(
        {ours_ + at("depthwise_", i), theirs_ + at(layer, first), H_, config_.net.kernel});
    add(at("pointwise_", i), at(layer, first + 1), 2 * H_, 1, H_, false);
    add(at("residual_", i), at("res_skip_layers.", i), H_, 1, H_, true);
  }

  const ModelConfig& config_;
  const TheirForm& form_;
  const std::string ours_, theirs_;
  const std::int64_t H_;
  WaveglowLayout& to_;
};

}  // namespace

void check_is_waveglow(const ModelConfig& c, const std::string& where) {
  const auto expect = [&](bool holds, const char* key, const char* what) {
    if (!holds)
      throw Error(where, std::string("is neither a WaveGlow nor a SqueezeWave: ") + key +
                             " is not " + what);
  };
  const bool wavenet = c.net.kind == config::NetKind::kWavenet;
  expect(c.lift.kind == config::LiftKind::kSqueeze, "lift.kind", "squeeze");
  expect(c.alignment == config::MelAlignment::kAsIs, "alignment", "as_is");
  expect(!c.scale_shift, "scale_shift", "false");
  expect(!c.actnorm, "actnorm", "false");
  expect(c.mixing == config::MixingKind::kConv1x1, "mixing", "conv1x1");
  expect(c.coupling.kind == config::CouplingKind::kAffine, "coupling.kind", "affine");
  expect(c.coupling.split == config::SplitKind::kHalves, "coupling.split", "halves");
  expect(c.coupling.log_s_bound == 0.0, "coupling.log_s_bound", "0");
  expect(!c.net.causal, "net.causal", "false");
  expect(c.conditioner.kind ==
             (wavenet ? config::ConditionerKind::kUpsample : config::ConditionerKind::kRepeat),
         "conditioner.kind", wavenet ? "upsample" : "repeat");
  for (int i = 0; i < c.net.layers; ++i)
    expect(config::dilation_of(c.net, i) == (wavenet ? 1 << i : 1), "net.dilations",
           wavenet ? "1, 2, 4, ..." : "1 everywhere");
}

WaveglowLayout waveglow_layout(const ModelConfig& config, const TheirForm& form) {
  WaveglowLayout layout;
  layout.upsample = config.conditioner.kind == config::ConditionerKind::kUpsample;
  for (int step = 0; step < config.steps; ++step) {
    layout.matrices.push_back({at("step_", step) + "_mixing.weight",
                               at("convinv.", step) + ".conv.weight",
                               config::channels_at_step(config, step)});
    NetLayout(config, form, step, &layout);
  }
  return layout;
}

}  // namespace glowvox::exchange

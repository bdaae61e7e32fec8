// SPDX-License-Identifier: MIT
#include "config/model_config.hpp"

#include "config/yaml.hpp"

namespace glowvox::config {

namespace {

template <typename Enum>
std::vector<std::pair<Enum, std::string>> named(std::initializer_list<Enum> values) {
  std::vector<std::pair<Enum, std::string>> names;
  for (const Enum value : values) names.emplace_back(value, name_of(value));
  return names;
}

}  // namespace

#define GLOWVOX_MEL_NAMES(Type, ...)                                                           \
  template <>                                                                                  \
  const std::vector<std::pair<Type, std::string>>& enum_names<Type>() {                        \
    static const std::vector<std::pair<Type, std::string>> names = named<Type>({__VA_ARGS__}); \
    return names;                                                                              \
  }

GLOWVOX_MEL_NAMES(MelScale, MelScale::kSlaney, MelScale::kHtk)
GLOWVOX_MEL_NAMES(MelNorm, MelNorm::kSlaney, MelNorm::kNone)
GLOWVOX_MEL_NAMES(MelLog, MelLog::kLn, MelLog::kLog10, MelLog::kNone)
GLOWVOX_MEL_NAMES(MelPadding, MelPadding::kReflect, MelPadding::kZero, MelPadding::kHop,
                  MelPadding::kNone)
GLOWVOX_MEL_NAMES(MelFloor, MelFloor::kClamp, MelFloor::kAdd)
GLOWVOX_MEL_NAMES(MelWindow, MelWindow::kPeriodic, MelWindow::kSymmetric)
#undef GLOWVOX_MEL_NAMES

#define GLOWVOX_NAMES(Type, ...)                                                  \
  template <>                                                                     \
  const std::vector<std::pair<Type, std::string>>& enum_names<Type>() {           \
    static const std::vector<std::pair<Type, std::string>> names = {__VA_ARGS__}; \
    return names;                                                                 \
  }

GLOWVOX_NAMES(MelAlignment, {MelAlignment::kAsIs, "as_is"},
              {MelAlignment::kHopCenter, "hop_center"})
GLOWVOX_NAMES(LiftKind, {LiftKind::kSqueeze, "squeeze"}, {LiftKind::kMdct, "mdct"})
GLOWVOX_NAMES(MixingKind, {MixingKind::kNone, "none"}, {MixingKind::kConv1x1, "conv1x1"},
              {MixingKind::kLu, "lu"}, {MixingKind::kReverse, "reverse"},
              {MixingKind::kSwap, "swap"})
GLOWVOX_NAMES(MixingStart, {MixingStart::kRotation, "rotation"},
              {MixingStart::kIdentity, "identity"})
GLOWVOX_NAMES(CouplingKind, {CouplingKind::kAdditive, "additive"},
              {CouplingKind::kAffine, "affine"})
GLOWVOX_NAMES(SplitKind, {SplitKind::kHalves, "halves"}, {SplitKind::kEvenOdd, "even_odd"})
GLOWVOX_NAMES(NetKind, {NetKind::kWavenet, "wavenet"}, {NetKind::kSeparable, "separable"})
GLOWVOX_NAMES(ConditionerKind, {ConditionerKind::kUpsample, "upsample"},
              {ConditionerKind::kRepeat, "repeat"}, {ConditionerKind::kFrames, "frames"})
GLOWVOX_NAMES(OptimizerKind, {OptimizerKind::kAdam, "adam"}, {OptimizerKind::kAdamW, "adamw"})
GLOWVOX_NAMES(BaseKind, {BaseKind::kGaussian, "gaussian"}, {BaseKind::kTailed, "tailed"})
#undef GLOWVOX_NAMES

namespace {

template <typename V, typename Spec>
void mel_fields(V& v, Spec& mel) {
  v("sample_rate_hz", mel.sample_rate_hz);
  v("n_fft", mel.n_fft);
  v("hop_samples", mel.hop_samples);
  v("win_samples", mel.win_samples);
  v("window", mel.window);
  v("padding", mel.padding);
  v("bands", mel.bands);
  v("f_min_hz", mel.f_min_hz);
  v("f_max_hz", mel.f_max_hz);
  v("scale", mel.scale);
  v("norm", mel.norm);
  v("filter_rate_hz", mel.filter_rate_hz);
  v("power", mel.power);
  v("magnitude_epsilon", mel.magnitude_epsilon);
  v("log", mel.log);
  v("floor", mel.floor);
  v("floor_rule", mel.floor_rule);
  v("mean", mel.mean);
  v("deviation", mel.deviation);
}

template <typename V, typename Augment>
void augment_fields(V& v, Augment& augment) {
  v("gain_db", augment.gain_db);
  v("polarity", augment.polarity);
  v.map("speed", [&](V& m) {
    m("probability", augment.speed.probability);
    m("least", augment.speed.least);
    m("most", augment.speed.most);
  });
  v.map("low_pass", [&](V& m) {
    m("probability", augment.low_pass.probability);
    m("least_hz", augment.low_pass.least_hz);
    m("most_hz", augment.low_pass.most_hz);
  });
  v.map("noise", [&](V& m) {
    m("probability", augment.noise.probability);
    m("least_db", augment.noise.least_db);
    m("most_db", augment.noise.most_db);
  });
  v.map("mel_blur", [&](V& m) {
    m("probability", augment.mel_blur.probability);
    m("frames", augment.mel_blur.frames);
    m("bands", augment.mel_blur.bands);
    m("noise", augment.mel_blur.noise);
  });
}

// Every key but `mel`, which has presets.
template <typename V, typename Config>
void fields(V& v, Config& c) {
  v("name", c.name);
  v("purpose", c.purpose);
  v("alignment", c.alignment);
  v.map("lift", [&](V& m) {
    m("kind", c.lift.kind);
    m("channels", c.lift.channels);
  });
  v.map("conditioner", [&](V& m) {
    m("kind", c.conditioner.kind);
    m("channels", c.conditioner.channels);
    m("layers", c.conditioner.layers);
    m("kernel", c.conditioner.kernel);
    m("causal", c.conditioner.causal);
  });
  v("scale_shift", c.scale_shift);
  v("steps", c.steps);
  v("actnorm", c.actnorm);
  v("mixing", c.mixing);
  v("mixing_start", c.mixing_start);
  v.map("coupling", [&](V& m) {
    m("kind", c.coupling.kind);
    m("split", c.coupling.split);
    m("alternate", c.coupling.alternate);
    m("log_s_bound", c.coupling.log_s_bound);
  });
  v.map("net", [&](V& m) {
    m("kind", c.net.kind);
    m("layers", c.net.layers);
    m("channels", c.net.channels);
    m("kernel", c.net.kernel);
    m("dilations", c.net.dilations);
    m("causal", c.net.causal);
    m("weight_norm", c.net.weight_norm);
  });
  v.map("early", [&](V& m) {
    m("every", c.early.every);
    m("channels", c.early.channels);
  });
  v.map("base", [&](V& m) {
    m("kind", c.base.kind);
    m("channel_share", c.base.channel_share);
    m("frame_cost", c.base.frame_cost);
  });
  v.map("train", [&](V& m) {
    m("optimizer", c.train.optimizer);
    m("batch", c.train.batch);
    m("segment_frames", c.train.segment_frames);
    m("rate", c.train.rate);
    m("warmup_steps", c.train.warmup_steps);
    m("final_rate", c.train.final_rate);
    m("beta2", c.train.beta2);
    m("weight_decay", c.train.weight_decay);
    m("clip_norm", c.train.clip_norm);
    m("ema", c.train.ema);
    m("bf16", c.train.bf16);
    m("accumulate", c.train.accumulate);
    m("recompute", c.train.recompute);
    m("outlier", c.train.outlier);
    m("patience", c.train.patience);
    m.map("likelihood", [&](V& l) {
      l("weight", c.train.likelihood.weight);
      l("share", c.train.likelihood.share);
    });
    m.map("sample_loss", [&](V& l) {
      l("weight", c.train.sample_loss.weight);
      l("fft_sizes", c.train.sample_loss.fft_sizes);
      l("log_floor", c.train.sample_loss.log_floor);
      l("skip_frames", c.train.sample_loss.skip_frames);
    });
    m("tempering", c.train.tempering);
    m.map("augment", [&](V& a) { augment_fields(a, c.train.augment); });
  });
  v.map("synthesis", [&](V& m) {
    m("bf16", c.synthesis.bf16);
    m("denoise", c.synthesis.denoise);
    m("corrections", c.synthesis.corrections);
  });
  v.map("mel_statistics", [&](V& m) {
    m("mean", c.mel_statistics.mean);
    m("deviation", c.mel_statistics.deviation);
  });
}

YAML::Node load_yaml(const std::string& yaml, const std::string& where) {
  try {
    return YAML::Load(yaml);
  } catch (const YAML::Exception& e) {
    throw Error(where, std::string("is not YAML: ") + e.what());
  }
}

// `tacotron2`, or a map with an optional `preset` that the other keys start from.
void read_mel_spec(const YAML::Node& node, const std::string& where, MelSpec& mel) {
  if (!node) return;
  if (node.IsScalar()) {
    mel = mel_preset(node.Scalar());
    return;
  }
  MapReader reader(node, where, "mel");
  std::string preset;
  reader("preset", preset);
  if (!preset.empty()) mel = mel_preset(preset);
  mel_fields(reader, mel);
  reader.done();
}

}  // namespace

MelSpec parse_mel_spec(const std::string& yaml, const std::string& where, const MelSpec& base) {
  MelSpec mel = base;
  read_mel_spec(load_yaml(yaml, where), where, mel);
  validate(mel, where);
  return mel;
}

ModelConfig parse_config(const std::string& yaml, const std::string& where) {
  ModelConfig config;
  MapReader reader(load_yaml(yaml, where), where, "");
  read_mel_spec(reader.take("mel"), where, config.mel);
  fields(reader, config);
  reader.done();
  validate(config, where);
  return config;
}

std::string to_yaml(const ModelConfig& config) {
  YAML::Emitter out;
  out.SetFloatPrecision(9);
  out.SetDoublePrecision(17);
  out << YAML::BeginMap;
  MapWriter writer(out);
  fields(writer, config);
  writer.map("mel", [&](MapWriter& m) { mel_fields(m, config.mel); });
  out << YAML::EndMap;
  return out.c_str();
}

}  // namespace glowvox::config

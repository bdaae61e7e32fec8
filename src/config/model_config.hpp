// SPDX-License-Identifier: MIT
// The configuration of a model and its training, as YAML. What each key means, and which values it
// takes, is said in schema.cpp (docs/configuration.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::config {

// Enumerators are in the order of their names in schema.cpp.
enum class LiftKind { kSqueeze, kMdct };
enum class MixingKind { kNone, kConv1x1, kLu, kReverse, kSwap };
enum class MixingStart { kRotation, kIdentity };
enum class CouplingKind { kAdditive, kAffine };
enum class SplitKind { kHalves, kEvenOdd };
enum class NetKind { kWavenet, kSeparable };
enum class ConditionerKind { kUpsample, kRepeat, kFrames };
enum class OptimizerKind { kAdam, kAdamW };
enum class BaseKind { kGaussian, kTailed };

// Where a mel frame's window is centred in the hop of audio that it conditions. kAsIs: wherever the
// mel specification puts it (WaveGlow: at the hop's first sample). kHopCenter: at the hop's middle;
// a model trained so hears other people's centred mels half a hop early, and synthesis takes
// that half hop off again.
enum class MelAlignment { kAsIs, kHopCenter };

struct LiftConfig {
  LiftKind kind = LiftKind::kSqueeze;
  int channels = 8;
};

struct CouplingConfig {
  CouplingKind kind = CouplingKind::kAffine;
  SplitKind split = SplitKind::kHalves;
  bool alternate = false;
  double log_s_bound = 0.0;
};

struct NetConfig {
  NetKind kind = NetKind::kWavenet;
  int layers = 8;
  int channels = 256;
  int kernel = 3;
  std::vector<int> dilations;  // [layers], or none: see dilation_of
  bool causal = false;
  bool weight_norm = true;
};

struct EarlyConfig {
  int every = 0;
  int channels = 0;
};

struct ConditionerConfig {
  ConditionerKind kind = ConditionerKind::kRepeat;
  int channels = 128;
  int layers = 2;
  int kernel = 3;
  bool causal = false;
};

// The density of the latents (flow::Base).
struct BaseConfig {
  BaseKind kind = BaseKind::kGaussian;
  double channel_share = 1e-3;
  double frame_cost = 1.0;
};

struct LikelihoodConfig {
  double weight = 1.0;
  double share = 1.0;
};

// See train::SampleLoss.
struct SampleLossConfig {
  double weight = 0.0;
  double mel_weight = 0.0;
  double corrected = 0.0;
  std::vector<int> fft_sizes = {2048, 1024, 512, 256, 128};
  double log_floor = 5e-3;
  double auditory = 0.0;
  int skip_frames = 12;
};

// See train::Augment.
struct AugmentConfig {
  double gain_db = 0.0;
  double polarity = 0.0;
  struct Speed {
    double probability = 0.0, least = 0.8, most = 1.25;
  } speed;
  struct LowPass {
    double probability = 0.0, least_hz = 3400.0, most_hz = 8000.0;
  } low_pass;
  struct Noise {
    double probability = 0.0, least_db = 20.0, most_db = 50.0;
  } noise;
  struct MelBlur {
    double probability = 0.0, frames = 1.5, bands = 1.5, noise = 0.1;
  } mel_blur;
};

struct TrainConfig {
  OptimizerKind optimizer = OptimizerKind::kAdamW;
  int batch = 16;
  int segment_frames = 64;
  double rate = 1e-3;
  int warmup_steps = 100;
  double final_rate = 0.05;
  double beta2 = 0.99;
  double weight_decay = 0.0;
  double clip_norm = 1.0;
  double ema = 0.995;
  bool bf16 = true;
  // How a step is computed, not what it computes (but for rounding).
  int accumulate = 1;
  bool recompute = false;
  double outlier = 12.0;
  int patience = 5;
  LikelihoodConfig likelihood;
  SampleLossConfig sample_loss;
  double tempering = 0.5;
  AugmentConfig augment;
};

constexpr double kMostDenoise = 1000.0;
constexpr int kMostCorrections = 16;

struct SynthesisConfig {
  bool bf16 = true;
  double denoise = 0.0;
  int corrections = 0;
};

// [bands] each, in the mel specification's own units; or none.
struct MelStatisticsConfig {
  std::vector<float> mean, deviation;
};

struct ModelConfig {
  std::string name;
  std::string purpose;
  MelSpec mel;
  MelAlignment alignment = MelAlignment::kAsIs;
  LiftConfig lift;
  ConditionerConfig conditioner;
  bool scale_shift = false;
  int steps = 8;
  bool actnorm = false;
  MixingKind mixing = MixingKind::kConv1x1;
  MixingStart mixing_start = MixingStart::kRotation;
  CouplingConfig coupling;
  NetConfig net;
  EarlyConfig early;
  BaseConfig base;
  TrainConfig train;
  SynthesisConfig synthesis;
  MelStatisticsConfig mel_statistics;
};

// Reads and validates. Throws Error naming the file and the key for an unknown key, a wrong type, a
// value out of range or an impossible combination.
ModelConfig read_config(const std::string& path);
ModelConfig parse_config(const std::string& yaml, const std::string& where);
std::string to_yaml(const ModelConfig& config);  // every key; parse_config reads it back
void validate(const ModelConfig& config, const std::string& where);  // throws as read_config does

// A specification from the same keys as a configuration's `mel:` ("hifigan" or "{preset: ...,
// bands: 40}"). Keys that it does not name, and no preset does, are as in `base`.
MelSpec parse_mel_spec(const std::string& yaml, const std::string& where, const MelSpec& base = {});

// Channels that enter step `step` (0-based), after the early outputs before it.
int channels_at_step(const ModelConfig& config, int step);
// Samples of a training segment that the sample loss compares: those that whole frames complete,
// without the frames that it skips.
std::int64_t compared_samples(const ModelConfig& config);
// How many samples earlier than the model's own audio a mel of this specification is analysed: 0 or
// hop/2 (see MelAlignment).
int alignment_shift_samples(const ModelConfig& config);

}  // namespace glowvox::config

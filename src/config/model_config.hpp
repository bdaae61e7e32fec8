// SPDX-License-Identifier: MIT
// The configuration of a model and its training, as YAML.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::config {

enum class LiftKind { kSqueeze, kMdct };
enum class MixingKind { kNone, kConv1x1, kLu, kReverse, kSwap };
// What a dense mixing matrix starts as.
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
  bool alternate = false;    // odd steps transform the other part
  double log_s_bound = 0.0;  // log_s = bound * tanh(raw / bound); 0: unbounded
};

struct NetConfig {
  NetKind kind = NetKind::kWavenet;
  int layers = 8;
  int channels = 256;
  int kernel = 3;
  std::vector<int> dilations;  // one for each layer; empty: 1, 2, 4, ...
  bool causal = false;
  bool weight_norm = true;
};

struct EarlyConfig {
  int every = 0;  // before steps every, 2 * every, ...: the first `channels` leave; 0: never
  int channels = 0;
};

struct ConditionerConfig {
  ConditionerKind kind = ConditionerKind::kRepeat;
  int channels = 128;   // frames: width of the features
  int layers = 2;       // frames: residual blocks
  int kernel = 3;       // frames: taps; upsample: length of the transposed convolution in samples
  bool causal = false;  // frames
};

// The density of the latents. kGaussian: N(0, I). kTailed: nearly that, with tails in which no
// finite recording is impossible (see flow::Base).
struct BaseConfig {
  BaseKind kind = BaseKind::kGaussian;
  double channel_share = 1e-3;  // tailed: of the density of a channel
  double frame_cost = 1.0;      // tailed: nats a channel, of a frame whose scale is unheard of
};

// The exact likelihood's part of the objective.
struct LikelihoodConfig {
  double weight = 1.0;  // of the nats per sample
  double share = 1.0;   // of the segments of a batch, those that it is computed of
};

// The spectral energy distance between the flow's own samples and the recordings (see
// train::SampleLoss).
struct SampleLossConfig {
  double weight = 0.0;  // 0: off
  std::vector<int> fft_sizes = {2048, 1024, 512, 256, 128};
  double log_floor = 5e-3;  // added to a magnitude before its logarithm
  int skip_frames = 12;     // mel frames at a segment's start, where the nets lack their past
};

// What is done to a training segment's sound before its mel is computed, each with a probability
// of its own. The usual: nothing.
struct AugmentConfig {
  double gain_db = 0.0;   // a segment is up to so much quieter: this times the square of a uniform
  double polarity = 0.0;  // probability of the other sign
  struct Speed {          // faster and higher: other voices; log-uniform between the two
    double probability = 0.0, least = 0.8, most = 1.25;
  } speed;
  struct LowPass {  // as telephones and old recordings have it; log-uniform
    double probability = 0.0, least_hz = 3400.0, most_hz = 8000.0;
  } low_pass;
  struct Noise {  // below the segment's level; every other time white, or shaped like speech
    double probability = 0.0, least_db = 20.0, most_db = 50.0;
  } noise;
  // Of the mel alone, as acoustic models' predictions are: smoothed over time and bands by up to
  // so much (the deviation of a Gaussian in frames and bands), and with noise of up to this
  // deviation in the mel's own units.
  struct MelBlur {
    double probability = 0.0, frames = 1.5, bands = 1.5, noise = 0.1;
  } mel_blur;
};

struct TrainConfig {
  OptimizerKind optimizer = OptimizerKind::kAdamW;
  int batch = 16;
  int segment_frames = 64;  // mel frames in a training segment
  double rate = 1e-3;       // peak learning rate
  int warmup_steps = 100;
  double final_rate = 0.05;  // of the peak, reached by a cosine at the end of the run
  double beta2 = 0.99;
  double weight_decay = 0.0;
  double clip_norm = 1.0;  // of the gradient of nats per sample; 0: off
  double ema = 0.995;      // decay of the average of weights; 0: off
  bool bf16 = true;        // matrix products in bfloat16 (weights and log-dets stay float)
  // How a step is computed, not what it computes (but for rounding): the passes that its batch is
  // split into, and whether the backward pass makes a step's activations again from its output.
  int accumulate = 1;
  bool recompute = false;
  // A likelihood or gradient this many deviations from its recent median is skipped; 0: only what
  // is not finite.
  double outlier = 12.0;
  int patience = 5;  // steps skipped in a row before the run goes back, at half the rate
  LikelihoodConfig likelihood;
  SampleLossConfig sample_loss;
  // A speaker is drawn in proportion to what there is of it to this power: 1 as often as it
  // speaks, 0 as often as every other.
  double tempering = 0.5;
  AugmentConfig augment;
};

constexpr double kMostDenoise = 1000.0;  // strength of the bias denoiser
constexpr int kMostCorrections = 16;

struct SynthesisConfig {
  bool bf16 = true;      // matrix products in bfloat16 where the processor is made for it
  double denoise = 0.0;  // usual strength of the bias denoiser; 0: off
  int corrections = 0;   // usual number of passes towards the given mel
};

// What the mels of the training data were like, in the specification's own units: one value for
// each band, or none where nobody measured.
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
  bool scale_shift = false;  // conditional scale and shift of every lifted channel
  int steps = 8;
  bool actnorm = false;
  MixingKind mixing = MixingKind::kConv1x1;
  MixingStart mixing_start = MixingStart::kRotation;  // a random one, or none: conv1x1 and lu
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
void validate(const ModelConfig& config, const std::string& where);

// A specification from the same keys as a configuration's `mel:` ("hifigan" or "{preset: ...,
// bands: 40}").
// Keys that it does not name, and no preset does, are as in `base`.
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

// SPDX-License-Identifier: MIT
#include "config/schema.hpp"

#include <cmath>

#include "dsp/mel_keys.hpp"

namespace glowvox::config {

namespace {

// Far beyond any sensible model, near enough to stop a slip of the finger before it takes the
// memory.
constexpr int kMostChannels = 65536, kMostLayers = 1024, kMostTaps = 65536, kMostSteps = 1000000;
constexpr double kMostReal = 1e6;

Range share() { return between(0.0, 1.0); }
Range weight() { return between(0.0, kMostReal); }

Keys lift_keys(LiftConfig& c) {
  return {
      {"kind", choice(c.kind, {"squeeze", "mdct"}),
       "`squeeze`: neighbouring samples become channels (WaveGlow); `mdct`: a lapped transform, "
       "which overlaps by a row."},
      {"channels", &c.channels, "Samples in a row: an even divisor of the mel's `hop_samples`.",
       between(2, kMostChannels)},
  };
}

Keys conditioner_keys(ConditionerConfig& c) {
  const bool frames = c.kind == ConditionerKind::kFrames;
  const bool upsample = c.kind == ConditionerKind::kUpsample;
  return {
      {"kind", choice(c.kind, {"upsample", "repeat", "frames"}),
       "`upsample`: a transposed convolution to samples, grouped into rows (WaveGlow); `repeat`: "
       "the mel frame itself in all of its rows (SqueezeWave); `frames`: residual blocks over mel "
       "frames."},
      {"channels", &c.channels, "Width of the features.",
       between(1, kMostChannels).where(frames, "with `kind: frames`")},
      {"layers", &c.layers, "Residual blocks.",
       between(0, kMostLayers).where(frames, "with `kind: frames`")},
      {"kernel", &c.kernel,
       "Taps of a residual block's convolution over frames, an odd number unless `causal`; with "
       "`kind: upsample` the length of the transposed convolution in samples, at least the mel's "
       "`hop_samples`.",
       between(1, kMostTaps).where(frames || upsample, "with `kind: frames` or `upsample`"),
       "taps"},
      {"causal", &c.causal, "Whether features depend on no later frame (with `kind: frames`)."},
  };
}

Keys coupling_keys(CouplingConfig& c) {
  return {
      {"kind", choice(c.kind, {"additive", "affine"}),
       "Whether the transformed part is shifted (NICE) or scaled and shifted (Real NVP)."},
      {"split", choice(c.split, {"halves", "even_odd"}),
       "The two parts: lower and upper half of the channels, or even and odd ones."},
      {"alternate", &c.alternate, "Whether odd steps transform the other part."},
      {"log_s_bound", &c.log_s_bound,
       "The log-scale is BOUND * tanh(raw / BOUND), raw being the net's output; 0: unbounded.",
       between(0.0, kMostReal)},
  };
}

Keys net_keys(NetConfig& c) {
  return {
      {"kind", choice(c.kind, {"wavenet", "separable"}),
       "`wavenet`: gated dilated convolutions (WaveGlow); `separable`: depthwise and pointwise "
       "ones (SqueezeWave)."},
      {"layers", &c.layers, "Layers of each net.", between(1, kMostLayers)},
      {"channels", &c.channels, "Hidden channels.", between(1, kMostChannels)},
      {"kernel", &c.kernel, "Taps of a convolution: an odd number unless `causal`.",
       between(1, kMostTaps), "taps"},
      {"dilations", &c.dilations,
       "Rows from tap to tap, one number for each layer; none: 1, 2, 4, ... (up to 16 layers).",
       between(1, kMostTaps), "rows"},
      {"causal", &c.causal, "Whether the net sees no later row."},
      {"weight_norm", &c.weight_norm,
       "Whether a weight is learned as a direction and a length (Salimans and Kingma 2016)."},
  };
}

Keys early_keys(EarlyConfig& c) {
  return {
      {"every", &c.every, "Channels leave before steps `every`, 2 * `every`, ...; 0: never.",
       between(0, kMostLayers), "steps"},
      {"channels", &c.channels,
       "How many of the first channels leave each time; an even number of two or more has to stay.",
       between(1, kMostChannels).where(c.every != 0, "with `every` above 0")},
  };
}

Keys base_keys(BaseConfig& c) {
  return {
      {"kind", choice(c.kind, {"gaussian", "tailed"}),
       "`gaussian`: N(0, I); `tailed`: nearly that, with tails in which no finite recording is "
       "impossible."},
      {"channel_share", &c.channel_share, "Share of the tail in a channel's density (`tailed`).",
       above(0.0, std::nextafter(1.0, 0.0), "a share between 0 and 1")},
      {"frame_cost", &c.frame_cost,
       "What a frame of an unheard-of scale costs for each channel (`tailed`).",
       above(0.0, kMostReal, "a positive number of nats"), "nats"},
  };
}

Keys sample_loss_keys(SampleLossConfig& c, int segment_frames) {
  const bool on = c.weight != 0.0;
  return {
      {"weight", &c.weight, "Weight of the distance in the objective; 0: off.", weight()},
      {"mel_weight", &c.mel_weight,
       "Weight, in the objective, of the distance between a sample's own log-mel and the "
       "recording's, which the right samples do not have; 0: off.",
       weight().where(on, "with a `weight` above 0")},
      {"corrected", &c.corrected,
       "Share of the segments whose samples are compared as a live stream plays them that draws no "
       "row ahead, after the one correction that adds no delay.",
       share().where(on, "with a `weight` above 0")},
      {"fft_sizes", &c.fft_sizes,
       "Lengths of the transforms whose magnitudes are compared: one or more multiples of 4.",
       between(4, kMostTaps).where(on, "with a `weight` above 0"), "samples"},
      {"log_floor", &c.log_floor, "Added to a magnitude before its logarithm.",
       above(0.0, 1.0, "a value above 0, up to 1").where(on, "with a `weight` above 0")},
      {"auditory", &c.auditory,
       "How far bins count by the ear's bandwidth at their frequency: 0 all alike, 1 inversely, so "
       "that low ones count most.",
       share().where(on, "with a `weight` above 0")},
      {"skip_frames", &c.skip_frames,
       "Frames at a segment's start that are not compared, because the nets lack their past.",
       between(0, segment_frames - 1)
           .named("`train.segment_frames` - 1")
           .where(on, "with a `weight` above 0"),
       "mel frames"},
  };
}

Keys augment_keys(AugmentConfig& c, double nyquist_hz) {
  const Range cutoff = between(500.0, nyquist_hz)
                           .named("half the sample rate")
                           .where(c.low_pass.probability > 0.0, "with a `probability` above 0");
  auto& [probability, frames, bands, noise] = c.mel_blur;
  return {
      {"gain_db", &c.gain_db,
       "A segment becomes quieter by this times the square of a uniform random number.",
       between(0.0, 60.0), "dB"},
      {"polarity", &c.polarity, "Probability of the other sign.", share()},
      {"speed",
       Keys{
           {"probability", &c.speed.probability, "Probability of another speed.", share()},
           {"least", &c.speed.least, "Lowest factor of the speed.", between(0.5, 2.0)},
           {"most", &c.speed.most, "Highest factor; not below `least`.", between(0.5, 2.0)},
       },
       "Faster and higher, or slower and deeper, by a log-uniform factor: other voices."},
      {"low_pass",
       Keys{
           {"probability", &c.low_pass.probability, "Probability of a filter.", share()},
           {"least_hz", &c.low_pass.least_hz, "Lowest cutoff.", cutoff, "Hz"},
           {"most_hz", &c.low_pass.most_hz, "Highest cutoff; not below `least_hz`.", cutoff, "Hz"},
       },
       "Nothing above a log-uniform cutoff, as telephones and old recordings have it."},
      {"noise",
       Keys{
           {"probability", &c.noise.probability, "Probability of added noise.", share()},
           {"least_db", &c.noise.least_db, "Least distance below the segment's level.",
            between(0.0, 120.0), "dB"},
           {"most_db", &c.noise.most_db, "Greatest distance; not below `least_db`.",
            between(0.0, 120.0), "dB"},
       },
       "Noise below the segment's level, every other time white, otherwise shaped like speech."},
      {"mel_blur",
       Keys{
           {"probability", &probability, "Probability of a smoothed mel.", share()},
           {"frames", &frames, "Greatest deviation of the Gaussian over time.", between(0.0, 20.0),
            "mel frames"},
           {"bands", &bands, "Greatest deviation of the Gaussian over bands.", between(0.0, 20.0),
            "mel bands"},
           {"noise", &noise, "Greatest deviation of the added noise, in the mel's own units.",
            between(0.0, 10.0)},
       },
       "The mel alone, smoothed and noisy as acoustic models predict it."},
  };
}

Keys train_keys(TrainConfig& c, double nyquist_hz) {
  return {
      {"optimizer", choice(c.optimizer, {"adam", "adamw"}),
       "Adam, or Adam with decoupled weight decay."},
      {"batch", &c.batch, "Segments in a batch, of all ranks together.", between(1, kMostChannels)},
      {"segment_frames", &c.segment_frames, "Length of a segment.", between(2, kMostChannels),
       "mel frames"},
      {"rate", &c.rate, "Peak learning rate.", above(0.0, kMostReal, "a positive number")},
      {"warmup_steps", &c.warmup_steps, "Steps in which the learning rate rises to its peak.",
       between(0, kMostSteps), "steps"},
      {"final_rate", &c.final_rate,
       "Learning rate at the end of a run, as a share of its peak; a cosine leads there.", share()},
      {"beta2", &c.beta2, "Adam's decay of the squared gradient.", share()},
      {"weight_decay", &c.weight_decay, "Weight decay.", between(0.0, kMostReal)},
      {"clip_norm", &c.clip_norm,
       "Greatest norm of the gradient of nats per sample; 0: not limited.",
       between(0.0, kMostReal)},
      {"ema", &c.ema, "Decay of the moving average of the weights; 0: no average.", share()},
      {"bf16", &c.bf16,
       "Whether the nets' matrix products may be in bfloat16, where that is faster (weights and "
       "log-determinants stay float)."},
      {"accumulate", &c.accumulate,
       "Passes that a batch is split into, to save memory; the result is the same but for "
       "rounding.",
       between(1, c.batch).named("`batch`")},
      {"recompute", &c.recompute,
       "Whether the backward pass makes activations again from a step's output, to save memory; "
       "the result is the same but for rounding."},
      {"outlier", &c.outlier,
       "A step whose likelihood or gradient is this many robust deviations from its recent median "
       "is skipped; 0: only one that is not finite.",
       between(0.0, kMostReal), "deviations"},
      {"patience", &c.patience,
       "Steps skipped in a row before the run goes back to its last checkpoint, at half the rate.",
       between(1, kMostSteps), "steps"},
      {"likelihood",
       Keys{
           {"weight", &c.likelihood.weight,
            "Weight of the nats per sample; above 0 where there is no sample loss.", weight()},
           {"share", &c.likelihood.share,
            "Share of a batch's segments that it is computed of; 1 where there is no sample loss.",
            share()},
       },
       "The exact likelihood's part of the objective."},
      {"sample_loss", sample_loss_keys(c.sample_loss, c.segment_frames),
       "The spectral energy distance between the flow's own samples and the recordings (Gritsenko "
       "et al. 2020). A segment, without what is skipped, has to be as long as the largest "
       "transform."},
      {"tempering", &c.tempering,
       "A speaker is drawn in proportion to what there is of it to this power: 1 as often as it "
       "speaks, 0 as often as any other.",
       share()},
      {"augment", augment_keys(c.augment, nyquist_hz),
       "What is done to a segment's sound before its mel is computed; by default nothing."},
  };
}

Keys synthesis_keys(SynthesisConfig& c) {
  return {
      {"bf16", &c.bf16,
       "Whether matrix products may be in bfloat16, where the processor multiplies it and that is "
       "measured to be the faster."},
      {"denoise", &c.denoise,
       "Usual strength of the denoiser, which takes off what the model hums in silence; 0: off.",
       between(0.0, kMostDenoise)},
      {"corrections", &c.corrections,
       "Usual number of frames that are corrected together, so that the sound's own mel comes "
       "nearer "
       "to the given one.",
       between(0, kMostCorrections)},
  };
}

}  // namespace

Keys keys_of(ModelConfig& c) {
  return {
      {"name", &c.name, "What the model is called."},
      {"purpose", &c.purpose, "What it is for, in one line."},
      {"alignment", choice(c.alignment, {"as_is", "hop_center"}),
       "Where a mel frame's window is centred in the hop of samples that it conditions: wherever "
       "the mel specification puts it, or at the hop's middle (not with unpadded frames)."},
      {"lift", lift_keys(c.lift), "The fixed orthonormal map from samples to rows of channels."},
      {"conditioner", conditioner_keys(c.conditioner),
       "What makes the mel into features for every coupling."},
      {"scale_shift", &c.scale_shift,
       "Whether every channel is first scaled and shifted, given the mel."},
      {"steps", &c.steps, "Steps of the flow: actnorm, mixing and a coupling each.",
       between(1, kMostLayers)},
      {"actnorm", &c.actnorm,
       "Whether a step begins with a learned scale and shift of each channel (Glow)."},
      {"mixing", choice(c.mixing, {"none", "conv1x1", "lu", "reverse", "swap"}),
       "How a step mixes channels: not at all; by a dense matrix; by one in its PLU factors "
       "(Glow), "
       "which cannot become singular unnoticed; by reversing their order; by swapping the halves."},
      {"mixing_start", choice(c.mixing_start, {"rotation", "identity"}),
       "What a matrix of `conv1x1` or `lu` starts as: a random rotation or the identity."},
      {"coupling", coupling_keys(c.coupling),
       "The invertible map of one part of the channels, given the other."},
      {"net", net_keys(c.net), "The network in every coupling."},
      {"early", early_keys(c.early), "Channels that leave the flow early (Real NVP, WaveGlow)."},
      {"base", base_keys(c.base), "The density of the latents."},
      {"train", train_keys(c.train, 0.5 * c.mel.sample_rate_hz),
       "Training. Synthesis does not depend on it."},
      {"synthesis", synthesis_keys(c.synthesis),
       "What synthesis does where nobody asks for something else."},
      {"mel_statistics",
       Keys{
           {"mean", &c.mel_statistics.mean, "Mean of each band."},
           {"deviation", &c.mel_statistics.deviation, "Standard deviation of each band: positive."},
       },
       "What the mels of the training data were like, in the specification's own units: one value "
       "for each band, or none where nobody measured. Training fills it in."},
      {"mel", mel_keys(c.mel),
       "The mel specification: how sound becomes the log-mel spectrogram that the model takes."},
  };
}

}  // namespace glowvox::config

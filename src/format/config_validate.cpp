// What the single keys cannot say: ranges and combinations.
#include <fmt/format.h>

#include "format/config.hpp"
#include "glowvox/error.hpp"

namespace glowvox::format {

namespace {

template <typename T>
void at_least(const std::string& where, const char* key, T value, T least) {
  if (!(value >= least))
    throw Error(where + ": " + key, fmt::format("expected {} or more, got {}", least, value));
}

void validate_net(const ModelConfig& c, const std::string& where) {
  at_least(where, "net.layers", c.net.layers, 1);
  at_least(where, "net.channels", c.net.channels, 1);
  at_least(where, "net.kernel", c.net.kernel, 1);
  if (!c.net.causal && c.net.kernel % 2 == 0)
    throw Error(where + ": net.kernel",
                fmt::format("expected an odd number of taps, got {}", c.net.kernel),
                "an even kernel needs causal: true");
  if (!c.net.dilations.empty() && static_cast<int>(c.net.dilations.size()) != c.net.layers)
    throw Error(where + ": net.dilations",
                fmt::format("expected one for each of the {} layers, got {}", c.net.layers,
                            c.net.dilations.size()));
  for (const int d : c.net.dilations) at_least(where, "net.dilations", d, 1);
  if (c.net.dilations.empty() && c.net.layers > 16)
    throw Error(where + ": net.layers",
                fmt::format("expected 16 or fewer with doubling dilations, got {}", c.net.layers));
}

void validate_conditioner(const ModelConfig& c, const std::string& where) {
  const ConditionerConfig& k = c.conditioner;
  if (k.kind == ConditionerKind::kFrames) {
    at_least(where, "conditioner.channels", k.channels, 1);
    at_least(where, "conditioner.layers", k.layers, 0);
    at_least(where, "conditioner.kernel", k.kernel, 1);
    if (!k.causal && k.kernel % 2 == 0)
      throw Error(where + ": conditioner.kernel",
                  fmt::format("expected an odd number of taps, got {}", k.kernel),
                  "an even kernel needs causal: true");
  }
  if (k.kind == ConditionerKind::kUpsample && k.kernel < c.mel.hop_samples)
    throw Error(where + ": conditioner.kernel",
                fmt::format("expected at least the mel's hop of {} samples, got {}",
                            c.mel.hop_samples, k.kernel));
}

void validate_channels(const ModelConfig& c, const std::string& where) {
  at_least(where, "lift.channels", c.lift.channels, 2);
  if (c.lift.channels % 2 != 0)
    throw Error(where + ": lift.channels",
                fmt::format("expected an even number, got {}", c.lift.channels),
                "a coupling splits the channels into two halves");
  if (c.mel.hop_samples % c.lift.channels != 0)
    throw Error(where + ": lift.channels",
                fmt::format("expected a divisor of the mel's hop of {} samples, got {}",
                            c.mel.hop_samples, c.lift.channels));
  at_least(where, "early.every", c.early.every, 0);
  if (c.early.every == 0) return;
  at_least(where, "early.channels", c.early.channels, 1);
  for (int step = c.early.every; step < c.steps; step += c.early.every) {
    const int before = channels_at_step(c, step - 1);
    if (c.early.channels >= before)
      throw Error(where + ": early.channels",
                  fmt::format("{} channels leave before step {}, but only {} are left there",
                              c.early.channels, step, before),
                  "at least two must stay");
    if ((before - c.early.channels) % 2 != 0)
      throw Error(where + ": early.channels",
                  fmt::format("leaves {} channels at step {}, expected an even number",
                              before - c.early.channels, step),
                  "a coupling splits the channels into two halves");
  }
}

void validate_train(const TrainConfig& t, const std::string& where) {
  at_least(where, "train.batch", t.batch, 1);
  at_least(where, "train.segment_frames", t.segment_frames, 2);
  at_least(where, "train.warmup_steps", t.warmup_steps, 0);
  at_least(where, "train.weight_decay", t.weight_decay, 0.0);
  at_least(where, "train.clip_norm", t.clip_norm, 0.0);
  const auto fraction = [&](const char* key, double value) {
    if (!(value >= 0.0 && value <= 1.0))
      throw Error(where + ": " + key, fmt::format("expected a value in [0, 1], got {}", value));
  };
  if (!(t.rate > 0.0))
    throw Error(where + ": train.rate", fmt::format("expected a positive number, got {}", t.rate));
  fraction("train.final_rate", t.final_rate);
  fraction("train.beta2", t.beta2);
  fraction("train.ema", t.ema);
}

}  // namespace

void validate(const ModelConfig& c, const std::string& where) {
  glowvox::validate(c.mel, where + ": mel");
  at_least(where, "steps", c.steps, 1);
  at_least(where, "coupling.log_s_bound", c.coupling.log_s_bound, 0.0);
  validate_channels(c, where);
  validate_net(c, where);
  validate_conditioner(c, where);
  validate_train(c.train, where);
  if (c.alignment == MelAlignment::kHopCenter && c.mel.padding == MelPadding::kNone)
    throw Error(where + ": alignment", "expected as_is with unpadded mel frames, got hop_center");
  if (c.mel.win_samples < c.mel.hop_samples)
    throw Error(where + ": mel.win_samples", fmt::format("expected at least the hop of {}, got {}",
                                                         c.mel.hop_samples, c.mel.win_samples));
}

int channels_at_step(const ModelConfig& c, int step) {
  const int left = c.early.every > 0 ? step / c.early.every : 0;
  return c.lift.channels - left * c.early.channels;
}

int alignment_shift_samples(const ModelConfig& c) {
  if (c.alignment == MelAlignment::kAsIs) return 0;
  return c.mel.hop_samples / 2 - frame_center_samples(c.mel);
}

}  // namespace glowvox::format

// SPDX-License-Identifier: MIT
#include "config/receptive_field.hpp"

namespace glowvox::config {

Context context_of(int kernel, int dilation, bool causal) {
  const int span = (kernel - 1) * dilation;
  const int before = causal ? span : span / 2;
  return {before, span - before};
}

int dilation_of(const NetConfig& net, int layer) {
  return net.dilations.empty() ? 1 << layer : net.dilations[static_cast<std::size_t>(layer)];
}

Context context_of(const NetConfig& net) {
  Context sum;
  for (int i = 0; i < net.layers; ++i) {
    const Context layer = context_of(net.kernel, dilation_of(net, i), net.causal);
    sum.before += layer.before;
    sum.after += layer.after;
  }
  return sum;
}

Reach reach_of(const ModelConfig& config) {
  const Context net = context_of(config.net);
  const std::int64_t row = config.lift.channels, hop = config.mel.hop_samples;
  const std::int64_t steps = config.steps;
  Reach reach{steps * net.before * row, steps * net.after * row, 0};
  const ConditionerConfig& c = config.conditioner;
  if (c.kind == ConditionerKind::kFrames) {
    const Context block = context_of(c.kernel, 1, c.causal);
    reach.past_samples += std::int64_t{c.layers} * block.before * hop;
    reach.future_samples += std::int64_t{c.layers} * block.after * hop;
  }
  if (c.kind == ConditionerKind::kUpsample)
    reach.past_samples += ((c.kernel + hop - 1) / hop - 1) * hop;
  if (config.lift.kind == LiftKind::kMdct) reach.overlap_samples = row;
  return reach;
}

std::int64_t correction_delay_samples(const MelSpec& mel, int corrections, std::int64_t ahead) {
  if (corrections == 0) return 0;
  // A frame's last hop is not waited for, and what comes before its middle is given.
  const std::int64_t first = mel.n_fft / 2 - mel.hop_samples - ahead;
  return std::max<std::int64_t>(0, first) +
         (corrections - 1) * static_cast<std::int64_t>(mel.hop_samples);
}

}  // namespace glowvox::config

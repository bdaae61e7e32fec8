// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "core/cpu.hpp"
#include "core/thread_team.hpp"
#include "dsp/mdct.hpp"
#include "engine/mixing.hpp"
#include "engine/prepared.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

PreparedLink prepare_link(const Weights& weights, const config::ModelConfig& config, int step,
                          const ChannelLayout& from, const ChannelLayout& to) {
  const int C = from.channels;
  const std::string prefix = "step_" + std::to_string(step);
  PreparedLink link(from, to);
  if (link.early > 0) link.early_channels.assign(static_cast<std::size_t>(padded(link.early)), 0);
  for (int c = 0; c < link.early; ++c)
    link.early_channels[static_cast<std::size_t>(c)] =
        static_cast<std::uint32_t>(config.lift.channels - to.channels + c);

  const ActNorm actnorm = actnorm_of(weights, prefix + "_actnorm", config.actnorm, C);
  const Mixing mixing = mixing_of(weights, prefix + "_mixing", config.mixing, C);
  link.dense = mixing.dense.has_value();
  std::vector<double> unmixing;
  if (link.dense) unmixing = mixing.dense->inverse(weights.where(), prefix + "_mixing");
  link.identity = !link.dense && link.early == 0 && !config.actnorm;
  Matrix matrix(to.columns(), 1, from.columns());
  for (int c = 0; c < C; ++c) {
    link.identity = link.identity && mixing.source[static_cast<std::size_t>(c)] == c;
    const auto at = static_cast<std::size_t>(c);
    const int column = to.column_of(link.early + c);
    const double scale = std::exp(-static_cast<double>(actnorm.log_scale[at]));
    if (!std::isfinite(static_cast<float>(scale)))
      throw Error(weights.where(), prefix + "_actnorm: its scale cannot be inverted");
    link.source[static_cast<std::size_t>(column)] = from.column_of(mixing.source[at]);
    link.scale[static_cast<std::size_t>(column)] = static_cast<float>(scale);
    link.shift[static_cast<std::size_t>(column)] = -actnorm.bias[at];
    if (!link.dense) continue;
    for (int k = 0; k < C; ++k)
      matrix.at(column, 0, from.column_of(k)) =
          static_cast<float>(scale * unmixing[at * static_cast<std::size_t>(C) + k]);
  }
  if (link.dense)
    link.mixing = {Product(matrix, DType::kFloat32, {from.columns(), 0, to.columns()}), link.shift};
  return link;
}

PreparedOutput prepare_output(const Weights& weights, const config::ModelConfig& config,
                              const PreparedConditioner& conditioner, const ChannelLayout& layout) {
  PreparedOutput output;
  output.layout = layout;
  output.scale_shift = config.scale_shift;
  const int C = layout.channels, columns = layout.columns();
  if (config.scale_shift) {
    const Weights own = weights / "scale_shift";
    const MatrixRows mel = own.matrix("mel_weight", C, conditioner.bands);
    const std::vector<float> bias = own.tensor("bias", {C});
    const MatrixRows net = (own / "net").convolution(2 * C, 1, conditioner.features);
    const std::vector<float> net_bias = (own / "net").bias(2 * C);
    Matrix from_mel(2 * columns, 1, conditioner.bands);
    Matrix from_features(2 * columns, 1, conditioner.features);
    output.bias.assign(static_cast<std::size_t>(2 * columns), 0.0F);
    for (int c = 0; c < C; ++c) {
      const auto at = static_cast<std::size_t>(c);
      const int t = layout.column_of(c), log_s = columns + t;
      mel.row(c, &from_mel.at(log_s, 0, 0));
      net.row(c, &from_features.at(t, 0, 0));
      net.row(C + c, &from_features.at(log_s, 0, 0));
      output.bias[static_cast<std::size_t>(t)] = net_bias[at];
      output.bias[static_cast<std::size_t>(log_s)] = net_bias[at + C] + bias[at];
    }
    output.from_mel = Product(from_mel.rows(mel.stored), DType::kFloat32,
                              {padded(conditioner.bands), 0, 2 * columns});
    output.from_features = Product(from_features.rows(net.stored), DType::kFloat32,
                                   {padded(conditioner.features), 0, 2 * columns});
  }
  if (config.lift.kind == config::LiftKind::kMdct) {
    const dsp::Mdct mdct(C);
    std::vector<float> unit(static_cast<std::size_t>(C));
    Matrix matrix(C, 1, columns);
    for (int k = 0; k < C; ++k) {
      unit[static_cast<std::size_t>(k)] = 1.0F;
      const std::vector<float> samples = mdct.inverse(unit.data(), 1);
      unit[static_cast<std::size_t>(k)] = 0.0F;
      for (int n = 0; n < C; ++n)
        matrix.at(n, 0, layout.column_of(k)) = samples[static_cast<std::size_t>(n)];
    }
    output.transform = Product(matrix, DType::kFloat32, {columns, 0, padded(C)});
  }
  return output;
}

}  // namespace

PreparedModel prepare(const Weights& weights, const config::ModelConfig& config, DType dtype,
                      NetWeights nets) {
  PreparedModel model;
  model.config = config;
  model.dtype = dtype;
  model.nets = nets;
  model.conditioner = prepare_conditioner(weights / "conditioner", config);
  const auto layout_at = [&](int step) {
    return ChannelLayout{config::channels_at_step(config, std::max(0, step)),
                         config.coupling.split};
  };
  model.steps.resize(static_cast<std::size_t>(config.steps));
  // A thread's share of the file, and what it makes of it, are in memory at a time.
  const int threads = weights.saves_memory() ? 1 : available_cores();
  parallel_for(config.steps + 1, threads, [&](int position) {
    if (position == 0) {
      model.output = prepare_output(weights, config, model.conditioner, layout_at(0));
      return;
    }
    const int i = config.steps - position;
    const std::string prefix = "step_" + std::to_string(i);
    PreparedStep& step = model.steps[static_cast<std::size_t>(position - 1)];
    step.layout = layout_at(i);
    step.swapped = config.coupling.alternate && i % 2 == 1;
    step.rule = {config.coupling.kind == config::CouplingKind::kAffine,
                 static_cast<float>(config.coupling.log_s_bound)};
    // Its matrices in double precision have gone before the net takes its place.
    step.link = prepare_link(weights, config, i, step.layout, layout_at(i - 1));
    step.net = prepare_net(weights / (prefix + "_coupling") / "net", config, step.layout,
                           model.conditioner.features, dtype, nets);
    weights.forget();
  });
  const ChannelLayout& first = model.steps.front().layout;
  model.latent_channels.assign(static_cast<std::size_t>(first.columns()), 0);
  for (int c = 0; c < first.channels; ++c)
    model.latent_channels[static_cast<std::size_t>(first.column_of(c))] =
        static_cast<std::uint32_t>(config.lift.channels - first.channels + c);
  weights.check_all_used();
  return model;
}

}  // namespace glowvox::engine

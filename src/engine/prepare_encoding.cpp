// SPDX-License-Identifier: MIT
#include <cmath>
#include <numeric>

#include "engine/encoding.hpp"
#include "engine/mixing.hpp"

namespace glowvox::engine {

namespace {

std::vector<double> scales_of(const ActNorm& actnorm) {
  std::vector<double> scales;
  for (const float log_scale : actnorm.log_scale)
    scales.push_back(std::exp(static_cast<double>(log_scale)));
  return scales;
}

// Actnorm multiplied into the matrix.
Affine prepare_dense(const std::vector<double>& W, const ActNorm& actnorm, const ChannelMap& link) {
  const int C = link.to.channels, columns = link.to.columns();
  Matrix matrix(columns, 1, link.from.columns());
  std::vector<float> bias(static_cast<std::size_t>(columns));
  const std::vector<double> scales = scales_of(actnorm);
  for (int c = 0; c < C; ++c) {
    const int column = link.to.column_of(c);
    double shift = 0.0;
    for (int k = 0; k < C; ++k) {
      const auto at = static_cast<std::size_t>(k);
      const double w = W[static_cast<std::size_t>(c) * C + at] * scales[at];
      matrix.at(column, 0, link.from.column_of(link.early + k)) = static_cast<float>(w);
      shift += w * actnorm.bias[at];
    }
    bias[static_cast<std::size_t>(column)] = static_cast<float>(shift);
  }
  return {Product(matrix, DType::kFloat32, {link.from.columns(), 0, columns}), std::move(bias)};
}

void prepare_permutation(const std::vector<int>& source, const ActNorm& actnorm, ChannelMap& link) {
  const std::vector<double> scales = scales_of(actnorm);
  for (int c = 0; c < link.to.channels; ++c) {
    const auto column = static_cast<std::size_t>(link.to.column_of(c));
    const int k = source[static_cast<std::size_t>(c)];
    const auto at = static_cast<std::size_t>(k);
    link.source[column] = link.from.column_of(link.early + k);
    link.scale[column] = static_cast<float>(scales[at]);
    link.shift[column] = static_cast<float>(scales[at] * actnorm.bias[at]);
  }
}

// Adds what it has of every row's log-determinant to log_det.
ChannelMap prepare_link(const Weights& weights, const config::ModelConfig& config, int step,
                        const ChannelLayout& from, const ChannelLayout& to, double* log_det) {
  const int C = to.channels;
  const std::string prefix = "step_" + std::to_string(step);
  ChannelMap link(from, to);
  const ActNorm actnorm = actnorm_of(weights, prefix + "_actnorm", config.actnorm, C);
  const Mixing mixing = mixing_of(weights, prefix + "_mixing", config.mixing, C);
  *log_det += std::accumulate(actnorm.log_scale.begin(), actnorm.log_scale.end(), 0.0) +
              (mixing.dense ? mixing.dense->log_abs_determinant() : 0.0);

  link.dense = mixing.dense.has_value();
  if (link.dense)
    link.mixing = prepare_dense(mixing.dense->product(), actnorm, link);
  else
    prepare_permutation(mixing.source, actnorm, link);
  return link;
}

}  // namespace

PreparedEncoding prepare_encoding(const Weights& weights,
                                  std::shared_ptr<const PreparedModel> model) {
  const config::ModelConfig& config = model->config;
  PreparedEncoding prepared{model, {}, 0.0, Base(config.base, config.lift.channels)};
  ChannelLayout from = model->output.layout;
  for (int i = 0; i < config.steps; ++i) {
    const ChannelLayout& to =
        model->steps[model->steps.size() - 1 - static_cast<std::size_t>(i)].layout;
    prepared.links.push_back(prepare_link(weights, config, i, from, to, &prepared.log_det));
    from = to;
  }
  return prepared;
}

}  // namespace glowvox::engine

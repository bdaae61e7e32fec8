// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "engine/prepared.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

Affine prepare_affine(const Weights& weights, int out, int taps, int in) {
  const Layout layout{padded(in), padded(in), padded(out)};
  Affine affine{Product(weights.convolution(out, taps, in), DType::kFloat32, layout),
                weights.bias(out)};
  affine.bias.resize(static_cast<std::size_t>(padded(out)));
  return affine;
}

// A linear map of (ln - mean) / deviation as one of ln.
Affine prepare_input(const Weights& weights, int out, int bands) {
  const std::vector<float> mean = weights.tensor("mean", {bands});
  const std::vector<float> deviation = weights.tensor("deviation", {bands});
  for (const float value : deviation)
    if (!(value > 0.0F))
      throw Error(weights.where(),
                  fmt::format("a deviation of the mel is {}, expected more than 0", value));
  const Weights input = weights / "input";
  Matrix matrix(input.convolution(out, 1, bands));
  std::vector<float> bias = input.bias(out);
  bias.resize(static_cast<std::size_t>(padded(out)));
  for (int n = 0; n < out; ++n) {
    double sum = bias[static_cast<std::size_t>(n)];
    for (int b = 0; b < bands; ++b) {
      const auto band = static_cast<std::size_t>(b);
      const double w = static_cast<double>(matrix.at(n, 0, b)) / deviation[band];
      matrix.at(n, 0, b) = static_cast<float>(w);
      sum -= w * mean[band];
    }
    bias[static_cast<std::size_t>(n)] = static_cast<float>(sum);
  }
  return {Product(matrix, DType::kFloat32, {padded(bands), 0, padded(out)}), std::move(bias)};
}

// WaveGlow's transposed convolution, grouped: row p of a mel frame takes its own linear map of the
// last few frames, the oldest first.
void prepare_phases(const Weights& weights, const config::ModelConfig& config,
                    PreparedConditioner& c) {
  const int bands = c.bands, kernel = config.conditioner.kernel, hop = config.mel.hop_samples,
            group = config.lift.channels;
  const std::vector<float> weight = weights.tensor("weight", {bands, bands, kernel});
  const std::vector<float> bias = weights.bias(bands);
  c.phase_taps = (kernel + hop - 1) / hop;
  for (int p = 0; p < c.rows_per_frame; ++p) {
    Matrix matrix(c.features, c.phase_taps, bands);
    Affine phase;
    phase.bias.resize(static_cast<std::size_t>(padded(c.features)));
    for (int out = 0; out < bands; ++out) {
      for (int j = 0; j < group; ++j) {
        const int feature = out * group + j;
        phase.bias[static_cast<std::size_t>(feature)] = bias[static_cast<std::size_t>(out)];
        for (int tap = 0; tap < c.phase_taps; ++tap) {
          const int at = p * group + j + (c.phase_taps - 1 - tap) * hop;
          if (at >= kernel) continue;
          for (int in = 0; in < bands; ++in)
            matrix.at(feature, tap, in) =
                weight[(static_cast<std::size_t>(in) * bands + out) * kernel + at];
        }
      }
    }
    phase.product =
        Product(matrix, DType::kFloat32, {padded(bands), padded(bands), padded(c.features)});
    c.phases.push_back(std::move(phase));
  }
}

}  // namespace

PreparedConditioner prepare_conditioner(const Weights& weights, const config::ModelConfig& config) {
  const config::ConditionerConfig& from = config.conditioner;
  PreparedConditioner c;
  c.kind = from.kind;
  c.bands = config.mel.bands;
  c.rows_per_frame = config.mel.hop_samples / config.lift.channels;
  c.natural_log = dsp::NaturalLog(config.mel);
  switch (from.kind) {
    case config::ConditionerKind::kRepeat:
      c.features = c.bands;
      break;
    case config::ConditionerKind::kUpsample:
      c.features = c.bands * config.lift.channels;
      c.per_row = true;
      prepare_phases(weights, config, c);
      break;
    case config::ConditionerKind::kFrames:
      c.features = from.channels;
      c.input = prepare_input(weights, c.features, c.bands);
      for (int i = 0; i < from.layers; ++i)
        c.blocks.push_back(
            {prepare_affine(weights / indexed("first", i), c.features, from.kernel, c.features),
             prepare_affine(weights / indexed("second", i), c.features, 1, c.features),
             config::context_of(from.kernel, 1, from.causal)});
      break;
  }
  return c;
}

}  // namespace glowvox::engine

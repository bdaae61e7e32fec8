// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cmath>

#include "dsp/natural_log.hpp"
#include "glowvox/error.hpp"
#include "onnx/parts.hpp"

namespace glowvox::onnx {

namespace {

Value natural_log(const Writing& w, Value mel) {
  const dsp::NaturalLog log(w.config.mel);
  if (log.is_taken) {
    const Value smallest =
        w.b.floats("smallest", {}, {static_cast<float>(dsp::NaturalLog::kSmallest)});
    mel = w.b.add("Log", {w.b.add("Max", {mel, smallest})});
  }
  if (log.factor == 1.0) return mel;
  return w.b.add("Mul", {mel, w.b.floats("log_unit", {}, {static_cast<float>(log.factor)})});
}

// The exact one.
Value gelu(Builder& b, const Value& x) {
  const Value root = b.floats("root_two", {}, {static_cast<float>(std::sqrt(2.0))});
  const Value one = b.floats("one", {}, {1.0F}), half = b.floats("half", {}, {0.5F});
  const Value gate = b.add("Add", {b.add("Erf", {b.add("Div", {x, root})}), one});
  return b.add("Mul", {b.add("Mul", {x, gate}), half});
}

// A linear map of (ln - mean) / deviation as one of ln.
Value input(const Writing& w, const engine::Weights& weights, const Value& log_mel) {
  const int out = w.config.conditioner.channels, bands = w.config.mel.bands;
  const std::vector<float> mean = weights.tensor("mean", {bands});
  const std::vector<float> deviation = weights.tensor("deviation", {bands});
  const engine::Weights own = weights / "input";
  engine::Matrix W(own.convolution(out, 1, bands));
  std::vector<float> bias = own.bias(out);
  for (int n = 0; n < out; ++n) {
    double sum = bias[static_cast<std::size_t>(n)];
    for (int i = 0; i < bands; ++i) {
      const auto band = static_cast<std::size_t>(i);
      if (!(deviation[band] > 0.0F))
        throw Error(
            weights.where(),
            fmt::format("a deviation of the mel is {}, expected more than 0", deviation[band]));
      const double folded = static_cast<double>(W.at(n, 0, i)) / deviation[band];
      W.at(n, 0, i) = static_cast<float>(folded);
      sum -= folded * mean[band];
    }
    bias[static_cast<std::size_t>(n)] = static_cast<float>(sum);
  }
  return w.b.convolution("input", log_mel, W, bias);
}

// Residual blocks at the rate of frames: h + second(gelu(first(h))).
Value frames(const Writing& w, const engine::Weights& weights, const Value& log_mel) {
  const config::ConditionerConfig& c = w.config.conditioner;
  Value h = input(w, weights, log_mel);
  const TimeConvolution along{config::context_of(c.kernel, 1, c.causal)};
  for (int i = 0; i < c.layers; ++i) {
    w.b.set_scope(fmt::format("conditioner/block_{}", i));
    const engine::Weights first = weights / engine::indexed("first", i),
                          second = weights / engine::indexed("second", i);
    const Value inner =
        convolve(w, "first", h, engine::Matrix(first.convolution(c.channels, c.kernel, c.channels)),
                 first.bias(c.channels), along);
    const Value outer = w.b.convolution(
        "second", gelu(w.b, inner), engine::Matrix(second.convolution(c.channels, 1, c.channels)),
        second.bias(c.channels));
    h = w.b.add("Add", {h, outer});
  }
  return h;
}

// WaveGlow's transposed convolution, its samples grouped into rows: every row of a mel frame is a
// linear map of the last few frames, so all of them are one convolution along frames.
Value upsample(const Writing& w, const engine::Weights& weights, const Value& mel) {
  const int bands = w.config.mel.bands, kernel = w.config.conditioner.kernel,
            hop = w.config.mel.hop_samples, group = w.config.lift.channels,
            rows = w.rows_per_frame(), features = bands * group;
  const std::vector<float> weight = weights.tensor("weight", {bands, bands, kernel});
  const std::vector<float> bias = weights.bias(bands);
  const int taps = (kernel + hop - 1) / hop;
  engine::Matrix W(rows * features, taps, bands);
  std::vector<float> all_bias;
  for (int row = 0; row < rows; ++row) {
    for (int feature = 0; feature < features; ++feature) {
      const int out = feature / group, sample = row * group + feature % group;
      all_bias.push_back(bias[static_cast<std::size_t>(out)]);
      for (int tap = 0; tap < taps; ++tap) {  // the oldest frame first
        const int at = sample + (taps - 1 - tap) * hop;
        if (at >= kernel) continue;
        for (int in = 0; in < bands; ++in)
          W.at(row * features + feature, tap, in) =
              weight[(static_cast<std::size_t>(in) * bands + out) * kernel + at];
      }
    }
  }
  const Value phases = convolve(w, "upsample", mel, W, all_bias, {{taps - 1, 0}});
  const Value apart = w.b.reshape(phases, {0, rows, features, -1});
  const Value in_time =
      w.b.add("Transpose", {apart}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}});
  return w.b.reshape(in_time, {0, features, -1});
}

}  // namespace

Conditions write_conditioner(const Writing& w, const engine::Weights& weights, const Value& mel) {
  w.b.set_scope("conditioner");
  const int bands = w.config.mel.bands;
  Conditions c;
  c.log_mel = natural_log(w, mel);
  c.rows_per_feature = w.rows_per_frame();
  switch (w.config.conditioner.kind) {
    case config::ConditionerKind::kRepeat:
      c.features = mel;
      c.feature_channels = bands;
      break;
    case config::ConditionerKind::kUpsample:
      c.features = upsample(w, weights, mel);
      c.feature_channels = bands * w.config.lift.channels;
      c.rows_per_feature = 1;
      break;
    case config::ConditionerKind::kFrames:
      c.features = frames(w, weights, c.log_mel);
      c.feature_channels = w.config.conditioner.channels;
      break;
  }
  return c;
}

}  // namespace glowvox::onnx

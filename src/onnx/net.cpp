// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "engine/kernels.hpp"
#include "onnx/parts.hpp"

namespace glowvox::onnx {

namespace {

engine::Matrix rows_of(const engine::Matrix& m, int first, int count) {
  engine::Matrix part(count, m.taps, m.in);
  std::copy_n(&m.weight[static_cast<std::size_t>(first) * m.taps * m.in], part.weight.size(),
              part.weight.begin());
  return part;
}

std::vector<float> part_of(const std::vector<float>& v, int first, int count) {
  return {v.begin() + first, v.begin() + first + count};
}

std::vector<float> sum(std::vector<float> a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

class Net {
 public:
  Net(const Writing& w, const engine::Weights& weights, int half, const Conditions& conditions)
      : w_(w),
        weights_(weights),
        config_(w.config.net),
        half_(half),
        H_(config_.channels),
        outputs_(w.config.coupling.kind == config::CouplingKind::kAffine ? 2 * half : half),
        conditions_(conditions),
        cond_((weights / "cond")
                  .convolution(2 * H_ * config_.layers, 1, conditions.feature_channels)),
        cond_bias_((weights / "cond").bias(2 * H_ * config_.layers)),
        end_((weights / "end").convolution(outputs_, 1, H_)),
        end_bias_((weights / "end").bias(outputs_)) {}

  Value run(const Value& passes) {
    const engine::Weights start = weights_ / "start";
    const Value h = w_.b.convolution(
        "start", passes, engine::Matrix(start.convolution(H_, 1, half_)), start.bias(H_));
    return config_.kind == config::NetKind::kWavenet ? wavenet(h) : separable(h);
  }

 private:
  TimeConvolution along(int layer, std::int64_t groups = 1) const {
    const int dilation = config::dilation_of(config_, layer);
    return {config::context_of(config_.kernel, dilation, config_.causal), dilation, groups};
  }

  // tanh(u) * sigmoid(v) of [u | v] = filtered + cond. bias: what `filtered` still lacks.
  Value gate(int layer, const Value& filtered, const std::vector<float>& bias) {
    const Value cond = of_features(w_, "cond", conditions_,
                                   {rows_of(cond_, 2 * H_ * layer, 2 * H_),
                                    sum(part_of(cond_bias_, 2 * H_ * layer, 2 * H_), bias)});
    const std::vector<Value> uv = w_.b.split(w_.b.add("Add", {filtered, cond}), {H_, H_});
    return w_.b.add("Mul", {w_.b.add("Tanh", {uv[0]}), w_.b.add("Sigmoid", {uv[1]})});
  }

  // All layers' skip paths are one linear map of all their gates; `end`, another one, is multiplied
  // into it where that is less work.
  Value wavenet(Value h) {
    const std::string scope = w_.b.scope();
    const int layers = config_.layers;
    engine::Matrix skips(H_, 1, layers * H_);
    std::vector<float> skip_bias(static_cast<std::size_t>(H_));
    std::vector<Value> gates;
    for (int i = 0; i < layers; ++i) {
      w_.b.set_scope(fmt::format("{}/layer_{}", scope, i));
      const engine::Weights dilated = weights_ / engine::indexed("dilated", i);
      const engine::Weights res_skip = weights_ / engine::indexed("res_skip", i);
      const bool last = i + 1 == layers;
      const int out = last ? H_ : 2 * H_;
      const engine::Matrix both(res_skip.convolution(out, 1, H_));
      const std::vector<float> bias = res_skip.bias(out);
      const Value filtered =
          convolve(w_, "dilated", h,
                   engine::Matrix(dilated.convolution(2 * H_, config_.kernel, H_)), {}, along(i));
      gates.push_back(gate(i, filtered, dilated.bias(2 * H_)));
      for (int n = 0; n < H_; ++n) {
        skip_bias[static_cast<std::size_t>(n)] += bias[static_cast<std::size_t>(out - H_ + n)];
        for (int k = 0; k < H_; ++k) skips.at(n, 0, i * H_ + k) = both.at(out - H_ + n, 0, k);
      }
      if (!last)
        h = w_.b.add("Add", {h, w_.b.convolution("residual", gates.back(), rows_of(both, 0, H_),
                                                 part_of(bias, 0, H_))});
    }
    w_.b.set_scope(scope);
    const Value all = w_.b.concat(std::move(gates), 1);
    const double apart = static_cast<double>(layers) * H_ * H_ + H_ * outputs_;
    const double folded = static_cast<double>(layers) * H_ * outputs_;
    if (folded >= apart)
      return w_.b.convolution("end", w_.b.convolution("skip", all, skips, skip_bias), end_,
                              end_bias_);
    engine::Matrix W(outputs_, 1, layers * H_);
    engine::add_product({end_.weight.data(), end_.out, end_.in},
                        {skips.weight.data(), skips.out, skips.in}, skips.in,
                        {W.weight.data(), W.out, W.in});
    std::vector<float> bias = end_bias_;
    for (int n = 0; n < outputs_; ++n)
      for (int k = 0; k < H_; ++k)
        bias[static_cast<std::size_t>(n)] +=
            end_.at(n, 0, k) * skip_bias[static_cast<std::size_t>(k)];
    return w_.b.convolution("end", all, W, bias);
  }

  Value separable(Value h) {
    const std::string scope = w_.b.scope();
    for (int i = 0; i < config_.layers; ++i) {
      w_.b.set_scope(fmt::format("{}/layer_{}", scope, i));
      const Value scale =
          w_.b.of_channels("scale", weights_.tensor(engine::indexed("scale", i), {H_}));
      const Value shift =
          w_.b.of_channels("shift", weights_.tensor(engine::indexed("shift", i), {H_}));
      const engine::Weights depthwise = weights_ / engine::indexed("depthwise", i);
      const std::vector<float> taps = depthwise.tensor("weight", {config_.kernel, H_});
      engine::Matrix filter(H_, config_.kernel, 1);
      for (int k = 0; k < config_.kernel; ++k)
        for (int c = 0; c < H_; ++c)
          filter.at(c, k, 0) = taps[static_cast<std::size_t>(k) * H_ + c];
      const Value entered = w_.b.add("Add", {w_.b.add("Mul", {h, scale}), shift});
      const Value along_time =
          convolve(w_, "depthwise", entered, filter, depthwise.bias(H_), along(i, H_));
      const engine::Weights pointwise = weights_ / engine::indexed("pointwise", i);
      const Value filtered = w_.b.convolution(
          "pointwise", along_time, engine::Matrix(pointwise.convolution(2 * H_, 1, H_)), {});
      const engine::Weights residual = weights_ / engine::indexed("residual", i);
      const Value gated = gate(i, filtered, pointwise.bias(2 * H_));
      h = w_.b.add("Add", {h, w_.b.convolution("residual", gated,
                                               engine::Matrix(residual.convolution(H_, 1, H_)),
                                               residual.bias(H_))});
    }
    w_.b.set_scope(scope);
    return w_.b.convolution("end", h, end_, end_bias_);
  }

  const Writing& w_;
  const engine::Weights& weights_;
  const config::NetConfig& config_;
  const int half_, H_, outputs_;
  const Conditions& conditions_;
  const engine::Matrix cond_;
  const std::vector<float> cond_bias_;
  const engine::Matrix end_;
  const std::vector<float> end_bias_;
};

}  // namespace

Value convolve(const Writing& w, const std::string& name, const Value& x, const engine::Matrix& W,
               const std::vector<float>& bias, const TimeConvolution& along) {
  if (w.state == nullptr)
    return w.b.convolution(
        name, x, W, bias,
        {along.dilation, along.context.before, along.context.after, along.groups});
  const std::int64_t channels = W.in * along.groups;
  return w.b.convolution(name, w.state->extend(x, channels, along.context.before), W, bias,
                         {along.dilation, 0, 0, along.groups});
}

Value of_features(const Writing& w, const std::string& name, const Conditions& conditions,
                  const Affine& affine) {
  return w.b.repeat_rows(w.b.convolution(name, conditions.features, affine.W, affine.bias),
                         conditions.rows_per_feature);
}

Value write_net(const Writing& w, const engine::Weights& weights, int half,
                const Conditions& conditions, const Value& passes) {
  return Net(w, weights, half, conditions).run(passes);
}

}  // namespace glowvox::onnx

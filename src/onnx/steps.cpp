// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "engine/mixing.hpp"
#include "glowvox/error.hpp"
#include "onnx/parts.hpp"

namespace glowvox::onnx {

namespace {

using Order = std::vector<std::int64_t>;  // the channel that stands at each place

Order in_order(int channels) {
  Order order(static_cast<std::size_t>(channels));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// Inside a step, the two parts of a coupling lie one after the other.
Order parts_apart(int channels, config::SplitKind split) {
  Order order = in_order(channels);
  if (split == config::SplitKind::kEvenOdd)
    std::stable_partition(order.begin(), order.end(), [](std::int64_t c) { return c % 2 == 0; });
  return order;
}

// Mixing and actnorm undone, from channels in `before` to channels in `after`.
Value undo_mixing(const Writing& w, const engine::Weights& weights, int step, const Value& x,
                  const Order& before, const Order& after) {
  const auto C = static_cast<int>(before.size());
  const std::string prefix = "step_" + std::to_string(step);
  const engine::ActNorm actnorm =
      engine::actnorm_of(weights, prefix + "_actnorm", w.config.actnorm, C);
  const engine::Mixing mixing = engine::mixing_of(weights, prefix + "_mixing", w.config.mixing, C);
  std::vector<float> scale, shift;
  for (const std::int64_t c : after) {
    const auto at = static_cast<std::size_t>(c);
    scale.push_back(static_cast<float>(std::exp(-static_cast<double>(actnorm.log_scale[at]))));
    if (!std::isfinite(scale.back()))
      throw Error(weights.where(), prefix + "_actnorm: its scale cannot be inverted");
    shift.push_back(-actnorm.bias[at]);
  }
  if (mixing.dense) {
    const std::vector<double> inverse = mixing.dense->inverse(weights.where(), prefix + "_mixing");
    engine::Matrix W(C, 1, C);
    for (int n = 0; n < C; ++n)
      for (int k = 0; k < C; ++k)
        W.at(n, 0, k) = static_cast<float>(
            scale[static_cast<std::size_t>(n)] *
            inverse[static_cast<std::size_t>(after[static_cast<std::size_t>(n)]) * C +
                    static_cast<std::size_t>(before[static_cast<std::size_t>(k)])]);
    return w.b.convolution("unmix", x, W, w.config.actnorm ? shift : std::vector<float>());
  }
  Order from;
  for (const std::int64_t c : after) {
    const auto place =
        std::find(before.begin(), before.end(), mixing.source[static_cast<std::size_t>(c)]);
    from.push_back(place - before.begin());
  }
  const Value moved = w.b.pick_channels(x, from, C);
  if (!w.config.actnorm) return moved;
  const Value scaled = w.b.add("Mul", {moved, w.b.of_channels("scale", std::move(scale))});
  return w.b.add("Add", {scaled, w.b.of_channels("shift", std::move(shift))});
}

// x = (x - t) * exp(-log_s) of the part that changes.
Value undo_coupling(const Writing& w, const Value& net, int half, const Value& x) {
  if (w.config.coupling.kind == config::CouplingKind::kAdditive) return w.b.add("Sub", {x, net});
  const std::vector<Value> parts = w.b.split(net, {half, half});
  Value log_s = parts[1];
  if (w.config.coupling.log_s_bound > 0.0) {
    const Value bound =
        w.b.floats("bound", {}, {static_cast<float>(w.config.coupling.log_s_bound)});
    log_s = w.b.add("Mul", {w.b.add("Tanh", {w.b.add("Div", {log_s, bound})}), bound});
  }
  const Value scale = w.b.add("Exp", {w.b.add("Neg", {log_s})});
  return w.b.add("Mul", {w.b.add("Sub", {x, parts[0]}), scale});
}

// Channels [first, first + count) of the noise in an order of their own.
Value noise_channels(const Writing& w, const Value& noise, int first, const Order& order) {
  Order from = order;
  for (std::int64_t& c : from) c += first;
  return w.b.pick_channels(noise, from, w.config.lift.channels);
}

}  // namespace

Value write_steps(const Writing& w, const engine::Weights& weights, const Conditions& conditions,
                  const Value& noise) {
  const config::ModelConfig& config = w.config;
  const config::SplitKind split = config.coupling.split;
  const int all = config.lift.channels;
  int C = config::channels_at_step(config, config.steps - 1);
  Order order = parts_apart(C, split);
  w.b.set_scope("noise");
  Value x = noise_channels(w, noise, all - C, order);
  for (int step = config.steps - 1; step >= 0; --step) {
    const std::string name = "step_" + std::to_string(step);
    w.b.set_scope(name);
    const int half = C / 2;
    const bool swapped = config.coupling.alternate && step % 2 == 1;
    std::vector<Value> parts = w.b.split(x, {half, half});
    const Value& passes = parts[swapped ? 1 : 0];
    Value& changed = parts[swapped ? 0 : 1];
    w.b.set_scope(name + "/net");
    const Value net =
        write_net(w, weights / (name + "_coupling") / "net", half, conditions, passes);
    w.b.set_scope(name);
    changed = undo_coupling(w, net, half, changed);
    x = w.b.concat(parts, 1);

    // Of the next step, or of the lifted rows.
    const int next = step > 0 ? config::channels_at_step(config, step - 1) : C;
    const Order next_order = step > 0 ? parts_apart(next, split) : in_order(next);
    const int early = next - C;
    x = undo_mixing(w, weights, step, x, order, early > 0 ? in_order(C) : next_order);
    if (early > 0) {
      const Value joining = noise_channels(w, noise, all - next, in_order(early));
      x = w.b.pick_channels(w.b.concat({joining, x}, 1), next_order, next);
    }
    C = next;
    order = next_order;
  }
  return x;
}

}  // namespace glowvox::onnx

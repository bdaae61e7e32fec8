// SPDX-License-Identifier: MIT
#include "dsp/mdct.hpp"
#include "onnx/parts.hpp"

namespace glowvox::onnx {

namespace {

constexpr std::int64_t kEnd = Builder::kEnd;

// x = (x + t) * exp(log_s), both from the mel and its features.
Value scale_and_shift(const Writing& w, const engine::Weights& weights,
                      const Conditions& conditions, const Value& x) {
  const int C = w.config.lift.channels, bands = w.config.mel.bands;
  engine::Matrix of_mel(C, 1, bands);
  of_mel.weight = weights.tensor("mel_weight", {C, bands});
  const std::vector<float> mel_bias = weights.tensor("bias", {C});
  const engine::Weights own = weights / "net";
  const engine::Matrix net(own.convolution(2 * C, 1, conditions.feature_channels));
  const std::vector<Value> parts =
      w.b.split(of_features(w, "features", conditions, {net, own.bias(2 * C)}), {C, C});
  const Value level = w.b.repeat_rows(w.b.convolution("mel", conditions.log_mel, of_mel, mel_bias),
                                      w.rows_per_frame());
  const Value scale = w.b.add("Exp", {w.b.add("Add", {parts[1], level})});
  return w.b.add("Mul", {w.b.add("Add", {x, parts[0]}), scale});
}

// Rows [batch, n, rows] one after the other, [batch, n * rows].
Value in_a_row(Builder& b, const Value& x) {
  const Value rows = b.add("Transpose", {x}, {{"perm", std::vector<std::int64_t>{0, 2, 1}}});
  return b.reshape(rows, {0, -1});
}

// The inverse MDCT (dsp::Mdct): a matrix of every row gives a block of samples, and then a rotation
// across every boundary between two blocks makes the second half of the one before, `before`, and
// the first half of the one behind it, `after`, final. A block's second half is kept backwards: so
// the pairs that are rotated lie in the same channel.
class InverseMdct {
 public:
  explicit InverseMdct(const Writing& w)
      : w_(w), C_(w.config.lift.channels), half_(C_ / 2), mdct_(C_) {}

  Value run(const Value& lifted) {
    const std::vector<Value> halves =
        w_.b.split(w_.b.convolution("blocks", lifted, matrix(), {}), {half_, half_});
    return w_.state == nullptr ? whole(halves[0], halves[1]) : stream(halves[0], halves[1]);
  }

 private:
  // A block's first half, then its second half backwards.
  engine::Matrix matrix() const {
    engine::Matrix W(C_, 1, C_);
    std::vector<float> unit(static_cast<std::size_t>(C_));
    for (int k = 0; k < C_; ++k) {
      unit[static_cast<std::size_t>(k)] = 1.0F;
      const std::vector<float> samples = mdct_.inverse(unit.data(), 1);
      unit[static_cast<std::size_t>(k)] = 0.0F;
      for (int n = 0; n < C_; ++n)
        W.at(n < half_ ? n : C_ - 1 - (n - half_), 0, k) = samples[static_cast<std::size_t>(n)];
    }
    return W;
  }

  // The samples around every boundary, [batch, channels, boundaries].
  Value rotate(const Value& before, const Value& after) {
    std::vector<float> cosine, sine;
    for (int i = 0; i < half_; ++i) {
      cosine.push_back(mdct_.window()[static_cast<std::size_t>(half_ + i)]);
      sine.push_back(mdct_.window()[static_cast<std::size_t>(half_ - 1 - i)]);
    }
    const Value c = w_.b.of_channels("cosine", cosine), s = w_.b.of_channels("sine", sine);
    const auto product = [&](const Value& a, const Value& b) { return w_.b.add("Mul", {a, b}); };
    const Value backwards = w_.b.add("Sub", {product(c, before), product(s, after)});
    const Value forwards = w_.b.add("Add", {product(c, after), product(s, before)});
    return w_.b.concat({w_.b.flip_channels(backwards), forwards}, 1);
  }

  // The two ends are not rotated.
  Value whole(const Value& first, const Value& second) {
    const Value inner = rotate(w_.b.slice(second, 2, 0, -1), w_.b.slice(first, 2, 1, kEnd));
    const Value start = w_.b.slice(first, 2, 0, 1);
    const Value end = w_.b.flip_channels(w_.b.slice(second, 2, -1, kEnd));
    return w_.b.concat({in_a_row(w_.b, start), in_a_row(w_.b, inner), in_a_row(w_.b, end)}, 1);
  }

  // Every row gives the second half of the block before and the first half of its own. Before the
  // first block there is none: half a block of zeros, and a first half that is not rotated.
  Value stream(const Value& first, const Value& second) {
    Builder& b = w_.b;
    const Value started = w_.state->take("started", 1);
    w_.state->keep(b.add("Max", {started, b.floats("one", {}, {1.0F})}));
    const Value overlap = w_.state->take("overlap", half_);
    const Value extended = b.concat({b.flip_channels(overlap), second}, 2);
    w_.state->keep(b.flip_channels(b.slice(extended, 2, -1, kEnd)));

    const Value rotated = rotate(b.slice(extended, 2, 0, -1), first);
    const Value at_the_start =
        b.add("Pad", {b.slice(first, 2, 0, 1), b.ints({0, half_, 0, 0, 0, 0})});
    const Value one_row = b.add("Where", {b.add("Greater", {started, b.floats("zero", {}, {0.0F})}),
                                          b.slice(rotated, 2, 0, 1), at_the_start});
    return in_a_row(b, b.concat({one_row, b.slice(rotated, 2, 1, kEnd)}, 2));
  }

  const Writing& w_;
  const int C_, half_;
  const dsp::Mdct mdct_;
};

}  // namespace

Value write_output(const Writing& w, const engine::Weights& weights, const Conditions& conditions,
                   const Value& lifted) {
  w.b.set_scope("output");
  Value x = lifted;
  if (w.config.scale_shift) x = scale_and_shift(w, weights / "scale_shift", conditions, x);
  if (w.config.lift.kind == config::LiftKind::kMdct) return InverseMdct(w).run(x);
  return in_a_row(w.b, x);
}

}  // namespace glowvox::onnx

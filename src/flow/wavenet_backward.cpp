// SPDX-License-Identifier: MIT
#include "flow/wavenet_backward.hpp"

#include "flow/gate_kernels.hpp"
#include "flow/team.hpp"
#include "flow/wavenet_rows.hpp"

namespace glowvox::flow {

namespace {

// Columns of a gradient that a piece of a weight's gradient takes: many, because what they are
// multiplied with is brought in order for every piece; fewer where more threads want some.
int64_t weight_columns() { return team_size() > 4 ? 48 : 96; }

// The gradients of the weights that one gradient of activations makes: outers[i].c[n, :] and, where
// given, biases[i][n], for all of its columns n.
struct WeightProduct {
  ConstRowsView g;
  int64_t columns;
  std::vector<Outer> outers;
  std::vector<float*> biases;
};

struct WeightPiece {
  const WeightProduct* product;
  int64_t first;
};

// What a stage does: pieces of weights, blocks of rows, and pieces of weights again; the last are
// small, so that threads finish together.
struct Stage {
  std::vector<WeightPiece> before, after;
  int blocks = 0;
  int pieces() const { return static_cast<int>(before.size() + after.size()) + blocks; }
};

class BackwardPass {
 public:
  BackwardPass(const Tensor& x, const Tensor& features, const WavenetWeights& weights,
               const WavenetSaved& saved, const Tensor& grad_out, bool x_needed, Operands operands)
      : s_(x, features, weights),
        x_(x),
        features_(features),
        weights_(weights),
        saved_(saved),
        grad_out_(grad_out),
        operands_(operands),
        packing_(operands) {
    if (x_needed) result_.x = at::empty_like(x);
    result_.features = at::empty_like(features);
    WavenetWeights& g = result_.weights;
    const auto like = [](const Tensor& t) { return at::empty_like(t); };
    g = {like(weights.start),
         like(weights.start_bias),
         like(weights.cond),
         like(weights.cond_bias),
         like(weights.end),
         like(weights.end_bias),
         {}};
    for (const WavenetLayer& layer : weights.layers)
      g.layers.push_back({like(layer.dilated), like(layer.dilated_bias), like(layer.res_skip),
                          like(layer.res_skip_bias)});
    // A layer's gradients are read while the layer before it writes its own.
    grad_u_ = padded_activations(s_, 2, 2 * s_.H, Padding::kMirrored);
    z_ = at::empty({2, s_.rows, s_.H}, at::kFloat);
    grad_h_ = at::empty({2, s_.rows, s_.H}, at::kFloat);
    grad_skip_ = at::empty({s_.rows, s_.H}, at::kFloat);
    scratch_.resize(static_cast<size_t>(team_size()));
    grad_z_ = at::empty({team_size(), s_.block(0).count, s_.H}, at::kFloat);
    pack();
    plan();
  }

  WavenetGradients run() {
    std::vector<int> pieces;
    for (const Stage& stage : stages_) pieces.push_back(stage.pieces());
    pieces[0] = packing_.pieces();
    run_stages(pieces, [&](int stage, int piece, int thread) {
      if (stage == 0) return packing_.run(piece);
      const Stage& work = stages_[static_cast<size_t>(stage)];
      const int before = static_cast<int>(work.before.size());
      if (piece < before)
        weight_rows(work.before[static_cast<size_t>(piece)], thread);
      else if (piece < before + work.blocks)
        rows(s_.layers + 1 - stage, s_.block(piece - before), thread);
      else
        weight_rows(work.after[static_cast<size_t>(piece - before - work.blocks)], thread);
    });
    return result_;
  }

 private:
  // Rows of one of the matrices [slots][rows][columns], the first of them `before` rows in.
  RowsView rows_of(const Tensor& t, int64_t slot, int64_t before = 0) const {
    return {floats(t) + (slot * t.size(1) + before) * t.size(2), s_.rows, t.size(2)};
  }
  RowsView all(const Tensor& t) const { return {floats(t), s_.rows, t.size(-1)}; }
  RowsView h(int l) const { return rows_of(saved_.h, l, s_.before); }
  RowsView factors(int l) const { return rows_of(saved_.factors, l); }
  RowsView grad_u(int l) const { return rows_of(grad_u_, l % 2, s_.after); }
  RowsView z(int l) const { return rows_of(z_, l % 2); }
  RowsView grad_h(int l) const { return rows_of(grad_h_, l % 2); }
  // A weight's gradient [out][columns] from one of its rows and columns on.
  static RowsView weight(const Tensor& t, int64_t row = 0, int64_t column = 0) {
    const int64_t stride = t.numel() / t.size(0);
    return {floats(t) + row * stride + column, t.size(0) - row, stride};
  }
  const WavenetLayer& layer(int l) const { return weights_.layers[static_cast<size_t>(l)]; }
  bool is_last(int l) const { return l + 1 == s_.layers; }

  void pack() {
    const int64_t H = s_.H, F = s_.F, taps = s_.taps;
    end_ = packing_.add(floats(weights_.end), s_.out, H, H, 1);
    if (result_.x.defined()) start_ = packing_.add(floats(weights_.start), H, s_.in, s_.in, 1);
    for (int l = 0; l < s_.layers; ++l) {
      LayerMatrices m{};
      for (int64_t k = 0; k < taps; ++k)
        m.taps.push_back(packing_.add(floats(layer(l).dilated) + k * H, 2 * H, H, taps * H, 1));
      m.cond = packing_.add(floats(weights_.cond) + l * 2 * H * F, 2 * H, F, F, 1);
      const float* res_skip = floats(layer(l).res_skip);
      m.residual = is_last(l) ? nullptr : packing_.add(res_skip, H, H, H, 1);
      m.skip = packing_.add(is_last(l) ? res_skip : res_skip + H * H, H, H, H, 1);
      matrices_.push_back(m);
    }
  }

  // Stage 0 packs, stage 1 begins with the gradient of the output, then there is one for each
  // layer, the last first, and one for what is left.
  void plan() {
    stages_.resize(static_cast<size_t>(s_.layers) + 3);
    for (int stage = 1; stage <= s_.layers + 1; ++stage)
      stages_[static_cast<size_t>(stage)].blocks = s_.blocks();
    const int64_t H = s_.H, F = s_.F, taps = s_.taps;
    const WavenetWeights& g = result_.weights;
    for (int l = s_.layers - 1; l >= 0; --l) {
      Stage& stage = stages_[static_cast<size_t>(s_.layers + 1 - l)];
      const WavenetLayer& to = g.layers[static_cast<size_t>(l)];
      WeightProduct gate{
          grad_u(l), 2 * H, {}, {floats(to.dilated_bias), floats(g.cond_bias) + l * 2 * H}};
      for (int64_t k = 0; k < taps; ++k)
        gate.outers.push_back({h(l).from(s_.offset(l, k)), H, weight(to.dilated, 0, k * H)});
      gate.outers.push_back({all(features_), F, weight(g.cond, l * 2 * H)});
      divide(std::move(gate), &stage.before);
      float* bias = floats(to.res_skip_bias);
      if (!is_last(l)) {
        divide({grad_h(l + 1), H, {{z(l), H, weight(to.res_skip)}}, {bias}}, &stage.after);
      } else {
        divide(
            {all(grad_out_), s_.out, {{all(saved_.skip), H, weight(g.end)}}, {floats(g.end_bias)}},
            &stage.after);
      }
      const int64_t first = is_last(l) ? 0 : H;  // the residual path's come before
      divide({all(grad_skip_), H, {{z(l), H, weight(to.res_skip, first)}}, {bias + first}},
             &stage.after);
    }
    divide({grad_h(0), H, {{all(x_), s_.in, weight(g.start)}}, {floats(g.start_bias)}},
           &stages_.back().before);
  }

  void divide(WeightProduct product, std::vector<WeightPiece>* pieces) {
    products_.push_back(std::make_unique<WeightProduct>(std::move(product)));
    for (int64_t n = 0; n < products_.back()->columns; n += weight_columns())
      pieces->push_back({products_.back().get(), n});
  }

  void weight_rows(const WeightPiece& piece, int thread) {
    const WeightProduct& p = *piece.product;
    const int64_t n = piece.first, count = std::min(weight_columns(), p.columns - n);
    const ConstRowsView g = p.g.from_column(n);
    std::vector<Outer> outers = p.outers;
    for (Outer& o : outers) o.c = o.c.from(n);
    multiply_transposed(g, count, outers, &scratch_[static_cast<size_t>(thread)], operands_);
    column_sums(g, count, p.biases[0] + n);
    for (size_t i = 1; i < p.biases.size(); ++i)
      std::copy_n(p.biases[0] + n, count, p.biases[i] + n);
  }

  // l = layers: from the output to the last gate; else from a layer's gate to the one before.
  void rows(int l, const Block& block, int thread) {
    const int64_t first = block.first, count = block.count;
    if (l == s_.layers) {
      multiply(part(grad_out_, block), *end_, part(grad_skip_, block));
    } else {
      const RowsView to = grad_h(l).from(first);
      ConstRowsView sum = is_last(l) ? ConstRowsView() : grad_h(l + 1).from(first);
      for (int64_t k = 0; k < s_.taps; ++k, sum = to)
        multiply(grad_u(l).part(first - s_.offset(l, k), count),
                 *matrices_[static_cast<size_t>(l)].taps[static_cast<size_t>(k)], to, sum);
    }
    if (l > 0) gate_rows(l - 1, block, thread);
    if (l == 0 && result_.x.defined())
      multiply(grad_h(0).part(first, count), *start_, part(result_.x, block));
  }

  void gate_rows(int l, const Block& block, int thread) {
    const int64_t first = block.first, count = block.count;
    const LayerMatrices& m = matrices_[static_cast<size_t>(l)];
    const RowsView grad_z = rows_of(grad_z_, thread).part(0, count);
    multiply(part(grad_skip_, block), *m.skip, grad_z);
    if (m.residual != nullptr)
      multiply(grad_h(l + 1).part(first, count), *m.residual, grad_z, grad_z);
    gate_backward(factors(l).part(first, count), grad_z, s_.H, grad_u(l).from(first),
                  z(l).from(first));
    const RowsView to = part(result_.features, block);
    multiply(grad_u(l).part(first, count), *m.cond, to, is_last(l) ? ConstRowsView() : to);
  }

  const WavenetSizes s_;
  const Tensor x_, features_;
  const WavenetWeights& weights_;
  const WavenetSaved& saved_;
  const Tensor grad_out_;
  const Operands operands_;
  WavenetGradients result_;
  Tensor grad_u_, z_, grad_h_, grad_skip_;
  Tensor grad_z_;  // of the block that a thread is at
  std::vector<std::vector<float>> scratch_;
  MatrixPacking packing_;
  const PackedMatrix *start_ = nullptr, *end_ = nullptr;
  std::vector<LayerMatrices> matrices_;
  std::vector<std::unique_ptr<WeightProduct>> products_;
  std::vector<Stage> stages_;
};

}  // namespace

WavenetGradients wavenet_backward(const Tensor& x, const Tensor& features,
                                  const WavenetWeights& weights, const WavenetSaved& saved,
                                  const Tensor& grad_out, bool x_needed, Operands operands) {
  return BackwardPass(x, features, weights, saved, grad_out, x_needed, operands).run();
}

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
#include "flow/wavenet_function.hpp"

#include "flow/gate_kernels.hpp"
#include "flow/ops.hpp"
#include "flow/pair_product.hpp"
#include "flow/team.hpp"
#include "flow/wavenet_backward.hpp"
#include "flow/wavenet_rows.hpp"

namespace glowvox::flow {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Operands operands_now() { return Bfloat16Guard::active() ? Operands::kBfloat16 : Operands::kFloat; }

class ForwardPass {
 public:
  ForwardPass(const Tensor& x, const Tensor& features, const WavenetWeights& weights,
              WavenetSaved* saved, Operands operands)
      : sizes_(x, features, weights),
        x_(x),
        features_(features),
        weights_(weights),
        saved_(saved),
        packing_(operands) {
    const int64_t R = sizes_.rows, H = sizes_.H;
    // Without a backward pass the layers take turns with two activations.
    h_ = padded_activations(sizes_, saved != nullptr ? sizes_.layers : 2, H);
    const int64_t block = sizes_.block(0).count;
    factors_ = saved != nullptr ? at::empty({sizes_.layers, R, 2 * H}, at::kFloat)
                                : at::empty({team_size(), block, 2 * H}, at::kFloat);
    skip_ = at::empty({R, H}, at::kFloat);
    z_ = at::empty({team_size(), block, H}, at::kFloat);
    out_ = at::empty({sizes_.T, sizes_.B, sizes_.out}, at::kFloat);
    gate_bias_ = weights.cond_bias.clone();
    for (int l = 0; l < sizes_.layers; ++l)
      gate_bias_.narrow(0, l * 2 * H, 2 * H).add_(layer(l).dilated_bias);
    pack();
  }

  Tensor run() {
    std::vector<int> pieces = {packing_.pieces()};
    for (int stage = 0; stage <= sizes_.layers; ++stage) pieces.push_back(sizes_.blocks());
    run_stages(pieces, [&](int stage, int piece, int thread) {
      if (stage == 0)
        packing_.run(piece);
      else if (stage == 1)
        begin(sizes_.block(piece));
      else
        layer_rows(stage - 2, sizes_.block(piece), thread);
    });
    if (saved_ != nullptr) *saved_ = {h_, factors_, skip_};
    return out_;
  }

 private:
  const WavenetLayer& layer(int l) const { return weights_.layers[static_cast<size_t>(l)]; }

  void pack() {
    const int64_t H = sizes_.H, F = sizes_.F, taps = sizes_.taps;
    start_ = packing_.add(floats(weights_.start), sizes_.in, H, 1, sizes_.in);
    end_ = packing_.add(floats(weights_.end), H, sizes_.out, 1, H);
    for (int l = 0; l < sizes_.layers; ++l) {
      LayerMatrices m{};
      for (int64_t k = 0; k < taps; ++k)
        m.taps.push_back(packing_.add(floats(layer(l).dilated) + k * H, H, 2 * H, 1, taps * H));
      m.cond = packing_.add(floats(weights_.cond) + l * 2 * H * F, F, 2 * H, 1, F);
      const float* res_skip = floats(layer(l).res_skip);
      const bool last = l + 1 == sizes_.layers;
      m.residual = last ? nullptr : packing_.add(res_skip, H, H, 1, H);
      m.skip = packing_.add(last ? res_skip : res_skip + H * H, H, H, 1, H);
      matrices_.push_back(m);
    }
  }

  RowsView activations(int l) const {
    const int64_t place = saved_ != nullptr ? l : l % 2;
    return {floats(h_) + (place * sizes_.padded_rows() + sizes_.before) * sizes_.H, sizes_.rows,
            sizes_.H};
  }

  void begin(const Block& rows) const {
    multiply(part(x_, rows), *start_, activations(0).from(rows.first), {},
             floats(weights_.start_bias));
  }

  void layer_rows(int l, const Block& rows, int thread) const {
    const int64_t H = sizes_.H;
    const LayerMatrices& m = matrices_[static_cast<size_t>(l)];
    const int64_t place =
        saved_ != nullptr ? l * sizes_.rows + rows.first : thread * factors_.size(1);
    const RowsView u{floats(factors_) + place * 2 * H, rows.count, 2 * H};
    const RowsView h = activations(l);
    const RowsView z{floats(z_) + thread * z_.size(1) * H, rows.count, H};
    multiply(part(features_, rows), *m.cond, u, {}, floats(gate_bias_) + l * 2 * H);
    for (int64_t k = 0; k < sizes_.taps; ++k)
      multiply(h.part(rows.first + sizes_.offset(l, k), rows.count),
               *m.taps[static_cast<size_t>(k)], u, u);
    gate_forward(u, H, z);

    const float* bias = floats(layer(l).res_skip_bias);
    const bool last = l + 1 == sizes_.layers;
    if (!last)
      multiply(z, *m.residual, activations(l + 1).from(rows.first), h.from(rows.first), bias);
    const RowsView skip = part(skip_, rows);
    multiply(z, *m.skip, skip, l > 0 ? ConstRowsView(skip) : ConstRowsView(),
             last ? bias : bias + H);
    if (last) multiply(skip, *end_, part(out_, rows), {}, floats(weights_.end_bias));
  }

  const WavenetSizes sizes_;
  const Tensor x_, features_;
  const WavenetWeights& weights_;
  WavenetSaved* saved_;
  Tensor h_, skip_, out_, gate_bias_;
  Tensor factors_;  // of all layers and rows, or of the block that a thread is at
  Tensor z_;        // of the block that a thread is at
  MatrixPacking packing_;
  const PackedMatrix *start_ = nullptr, *end_ = nullptr;
  std::vector<LayerMatrices> matrices_;
};

variable_list listed(const WavenetWeights& w) {
  variable_list all = {w.start, w.start_bias, w.cond, w.cond_bias, w.end, w.end_bias};
  for (const WavenetLayer& layer : w.layers)
    all.insert(all.end(), {layer.dilated, layer.dilated_bias, layer.res_skip, layer.res_skip_bias});
  return all;
}

WavenetWeights named(at::TensorList list, const std::vector<int64_t>& dilations,
                     const std::vector<int64_t>& lefts) {
  WavenetWeights w{list[0], list[1], list[2], list[3], list[4], list[5], {}};
  for (size_t l = 0; l < dilations.size(); ++l) {
    const size_t at = 6 + 4 * l;
    w.layers.push_back(
        {list[at], list[at + 1], list[at + 2], list[at + 3], dilations[l], lefts[l]});
  }
  return w;
}

struct WavenetFunction : torch::autograd::Function<WavenetFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& features,
                        at::TensorList weights, std::vector<int64_t> dilations,
                        std::vector<int64_t> lefts) {
    WavenetSaved saved;
    const WavenetWeights w = named(weights, dilations, lefts);
    const Operands operands = operands_now();
    Tensor out = ForwardPass(x, features, w, &saved, operands).run();
    variable_list kept = {x, features, saved.h, saved.factors, saved.skip};
    kept.insert(kept.end(), weights.begin(), weights.end());
    ctx->save_for_backward(kept);
    ctx->saved_data["dilations"] = dilations;
    ctx->saved_data["lefts"] = lefts;
    ctx->saved_data["x_grad"] = x.requires_grad();
    ctx->saved_data["bfloat16"] = operands == Operands::kBfloat16;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list kept = ctx->get_saved_variables();
    const at::TensorList weights = at::TensorList(kept).slice(5);
    const WavenetWeights w = named(weights, ctx->saved_data["dilations"].toIntVector(),
                                   ctx->saved_data["lefts"].toIntVector());
    const Operands operands =
        ctx->saved_data["bfloat16"].toBool() ? Operands::kBfloat16 : Operands::kFloat;
    const WavenetGradients g =
        wavenet_backward(kept[0], kept[1], w, {kept[2], kept[3], kept[4]}, grads[0].contiguous(),
                         ctx->saved_data["x_grad"].toBool(), operands);
    variable_list result = {g.x, g.features};
    for (const Tensor& t : listed(g.weights)) result.push_back(t);
    result.insert(result.end(), {Tensor(), Tensor()});  // dilations and lefts
    return result;
  }
};

}  // namespace

bool takes_wavenet(const Tensor& x, const Tensor& features) {
  return x.device().is_cpu() && !PortableGuard::active() &&
         (!Bfloat16Guard::active() || has_pair_products()) && x.scalar_type() == at::kFloat &&
         features.scalar_type() == at::kFloat;
}

Tensor wavenet(const Tensor& x, const Tensor& features, const WavenetWeights& weights) {
  variable_list list = listed(weights);
  for (Tensor& t : list) t = t.contiguous();
  std::vector<int64_t> dilations, lefts;
  for (const WavenetLayer& layer : weights.layers) {
    dilations.push_back(layer.dilation);
    lefts.push_back(layer.left);
  }
  if (!torch::GradMode::is_enabled())
    return ForwardPass(x.contiguous(), features.contiguous(), named(list, dilations, lefts),
                       nullptr, operands_now())
        .run();
  return WavenetFunction::apply(x.contiguous(), features.contiguous(), at::TensorList(list),
                                dilations, lefts);
}

}  // namespace glowvox::flow

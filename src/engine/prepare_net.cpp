// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "engine/prepared.hpp"

namespace glowvox::engine {

namespace {

std::vector<float> padded_copy(const std::vector<float>& values, int columns) {
  std::vector<float> result(static_cast<std::size_t>(columns));
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

// Output channels moved apart: the second half starts at a whole vector.
MatrixRows halves_apart(MatrixRows m, int half) {
  const int second = padded(half), out = m.out;
  const std::size_t size = m.row_size();
  return {2 * second, m.taps, m.in,
          [half, second, out, size, from = std::move(m.row)](int n, float* row) {
            const int source = n < second ? n : n - second + half;
            if ((n < half || n >= second) && source < out)
              from(source, row);
            else
              std::fill_n(row, size, 0.0F);
          },
          m.stored};
}

std::vector<float> halves_apart(const std::vector<float>& v, int half) {
  std::vector<float> apart(static_cast<std::size_t>(2 * padded(half)));
  std::copy_n(v.begin(), half, apart.begin());
  if (static_cast<int>(v.size()) > half)
    std::copy(v.begin() + half, v.end(), apart.begin() + padded(half));
  return apart;
}

MatrixRows rows_of(const MatrixRows& m, int first, int count) {
  return {count, m.taps, m.in, [first, from = m.row](int n, float* row) { from(first + n, row); },
          m.stored};
}

// outer(inner(x)) as one matrix, both with a single tap.
Matrix multiply(const Matrix& outer, const Matrix& inner) {
  Matrix product(outer.out, 1, inner.in);
  add_product({outer.weight.data(), outer.out, outer.in}, {inner.weight.data(), outer.in, inner.in},
              inner.in, {product.weight.data(), outer.out, inner.in});
  return product;
}

class NetPreparation {
 public:
  NetPreparation(const Weights& weights, const config::ModelConfig& config,
                 const ChannelLayout& layout, int features, DType dtype, NetWeights nets)
      : weights_(weights),
        config_(config.net),
        affine_(config.coupling.kind == config::CouplingKind::kAffine),
        half_(layout.half()),
        features_(features),
        dtype_(dtype),
        nets_(nets),
        H_(config.net.channels),
        passes_row_(dtype == DType::kFloat32 ? layout.columns() : layout.width()) {}

  PreparedNet run() {
    net_.kind = config_.kind;
    net_.hidden = padded(H_);
    const Weights start = weights_ / "start";
    net_.start = {product(start.convolution(H_, 1, half_), {passes_row_, 0, net_.hidden}),
                  padded_copy(start.bias(H_), net_.hidden)};
    prepare_end();
    const Weights cond = weights_ / "cond";
    const MatrixRows all = cond.convolution(2 * H_ * config_.layers, 1, features_);
    const std::vector<float> bias = cond.bias(2 * H_ * config_.layers);
    for (int i = 0; i < config_.layers; ++i) {
      PreparedLayer layer;
      layer.taps = config_.kernel;
      layer.dilation = config::dilation_of(config_, i);
      layer.context = config::context_of(config_.kernel, layer.dilation, config_.causal);
      layer.cond = product(halves_apart(rows_of(all, 2 * H_ * i, 2 * H_), H_),
                           {padded(features_), 0, 2 * net_.hidden});
      layer.gate_bias =
          halves_apart({bias.begin() + 2 * H_ * i, bias.begin() + 2 * H_ * (i + 1)}, H_);
      if (config_.kind == config::NetKind::kWavenet)
        prepare_wavenet(i, layer);
      else
        prepare_separable(i, layer);
      net_.layers.push_back(std::move(layer));
    }
    return std::move(net_);
  }

 private:
  int outputs() const { return affine_ ? 2 * half_ : half_; }

  Product product(MatrixRows rows, const Layout& layout) const {
    if (nets_ == NetWeights::kInt8) rows.stored = Storage::kInt8;
    return {rows, dtype_, layout};
  }

  void prepare_end() {
    const Weights end = weights_ / "end";
    MatrixRows rows = halves_apart(end.convolution(outputs(), 1, H_), half_);
    net_.end.bias = halves_apart(end.bias(outputs()), half_);
    if (!affine_) {
      rows = rows_of(rows, 0, padded(half_));
      net_.end.bias.resize(static_cast<std::size_t>(padded(half_)));
    }
    end_ = Matrix(rows);
    // A linear map after a sum: multiplied into every term where that is less work.
    const bool wavenet = config_.kind == config::NetKind::kWavenet;
    const double apart = static_cast<double>(config_.layers) * H_ * H_ + H_ * outputs();
    const double folded = static_cast<double>(config_.layers) * H_ * outputs();
    net_.end_folded = wavenet && folded < apart;
    net_.summed = net_.end_folded ? end_.out : net_.hidden;
    net_.skip_bias.assign(static_cast<std::size_t>(net_.hidden), 0.0F);
    if (!net_.end_folded) net_.end.product = product(rows, {net_.hidden, 0, end_.out});
  }

  void add_gate_bias(const std::vector<float>& more, PreparedLayer& layer) const {
    const std::vector<float> apart = halves_apart(more, H_);
    for (std::size_t i = 0; i < apart.size(); ++i) layer.gate_bias[i] += apart[i];
  }

  void prepare_wavenet(int i, PreparedLayer& layer) {
    const Weights dilated = weights_ / indexed("dilated", i);
    layer.filter =
        product(halves_apart(dilated.convolution(2 * H_, config_.kernel, H_), H_),
                {net_.hidden, std::int64_t{layer.dilation} * net_.hidden, 2 * net_.hidden});
    add_gate_bias(dilated.bias(2 * H_), layer);

    const bool last = i + 1 == config_.layers;
    const Weights res_skip = weights_ / indexed("res_skip", i);
    const int out = last ? H_ : 2 * H_;
    const MatrixRows both = res_skip.convolution(out, 1, H_);
    const std::vector<float> bias = res_skip.bias(out);
    if (!last)
      layer.residual = {product(rows_of(both, 0, H_), {net_.hidden, 0, net_.hidden}),
                        padded_copy({bias.begin(), bias.begin() + H_}, net_.hidden)};
    const MatrixRows skip = rows_of(both, out - H_, H_);
    const std::vector<float> skip_bias(bias.end() - H_, bias.end());
    if (net_.end_folded) {
      for (int n = 0; n < end_.out; ++n)
        for (int k = 0; k < H_; ++k)
          net_.end.bias[static_cast<std::size_t>(n)] +=
              end_.at(n, 0, k) * skip_bias[static_cast<std::size_t>(k)];
      const Matrix folded = multiply(end_, Matrix(skip));
      layer.skip = product(folded.rows(), {net_.hidden, 0, net_.summed});
    } else {
      for (int k = 0; k < H_; ++k)
        net_.skip_bias[static_cast<std::size_t>(k)] += skip_bias[static_cast<std::size_t>(k)];
      layer.skip = product(skip, {net_.hidden, 0, net_.summed});
    }
  }

  void prepare_separable(int i, PreparedLayer& layer) {
    layer.scale = padded_copy(weights_.tensor(indexed("scale", i), {H_}), net_.hidden);
    layer.shift = padded_copy(weights_.tensor(indexed("shift", i), {H_}), net_.hidden);
    const Weights depthwise = weights_ / indexed("depthwise", i);
    const std::vector<float> taps = depthwise.tensor("weight", {config_.kernel, H_});
    for (int k = 0; k < config_.kernel; ++k) {
      const std::vector<float> tap =
          padded_copy({taps.begin() + k * H_, taps.begin() + (k + 1) * H_}, net_.hidden);
      layer.depthwise.insert(layer.depthwise.end(), tap.begin(), tap.end());
    }
    layer.depthwise_bias = padded_copy(depthwise.bias(H_), net_.hidden);
    const Weights pointwise = weights_ / indexed("pointwise", i);
    layer.filter = product(halves_apart(pointwise.convolution(2 * H_, 1, H_), H_),
                           {net_.hidden, 0, 2 * net_.hidden});
    add_gate_bias(pointwise.bias(2 * H_), layer);
    const Weights residual = weights_ / indexed("residual", i);
    layer.residual = {product(residual.convolution(H_, 1, H_), {net_.hidden, 0, net_.hidden}),
                      padded_copy(residual.bias(H_), net_.hidden)};
  }

  const Weights weights_;
  const config::NetConfig config_;
  const bool affine_;
  const int half_, features_;
  const DType dtype_;
  const NetWeights nets_;
  const int H_, passes_row_;
  Matrix end_;  // [t | log_s], each padded
  PreparedNet net_;
};

}  // namespace

PreparedNet prepare_net(const Weights& weights, const config::ModelConfig& config,
                        const ChannelLayout& layout, int features, DType dtype, NetWeights nets) {
  return NetPreparation(weights, config, layout, features, dtype, nets).run();
}

}  // namespace glowvox::engine

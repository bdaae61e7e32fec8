// SPDX-License-Identifier: MIT
#include "flow/wavenet_rows.hpp"

#include "flow/team.hpp"

namespace glowvox::flow {

namespace {

// A block's activations, 2 KB a row in the largest products, stay in the second cache.
constexpr int64_t kMostRows = 64, kLeastRows = 16;
constexpr int64_t kPanelsAtOnce = 4;

}  // namespace

WavenetSizes::WavenetSizes(const Tensor& x, const Tensor& features, const WavenetWeights& weights)
    : T(x.size(0)),
      B(x.size(1)),
      rows(T * B),
      in(x.size(2)),
      H(weights.start.size(0)),
      F(features.size(2)),
      out(weights.end.size(0)),
      taps(weights.layers[0].dilated.size(1)),
      layers(static_cast<int>(weights.layers.size())),
      before(0),
      after(0) {
  for (const WavenetLayer& layer : weights.layers) {
    dilation.push_back(layer.dilation);
    left.push_back(layer.left);
    before = std::max(before, layer.left * B);
    after = std::max(after, ((taps - 1) * layer.dilation - layer.left) * B);
  }
  const int64_t share = (rows + team_size() - 1) / team_size();
  block_rows_ =
      std::clamp((share + kLeastRows - 1) / kLeastRows * kLeastRows, kLeastRows, kMostRows);
}

int WavenetSizes::blocks() const {
  return static_cast<int>((rows + block_rows_ - 1) / block_rows_);
}

Block WavenetSizes::block(int index) const {
  const int64_t first = index * block_rows_;
  return {first, std::min(block_rows_, rows - first)};
}

Tensor padded_activations(const WavenetSizes& sizes, int64_t count, int64_t columns,
                          Padding padding) {
  const bool plain = padding == Padding::kPlain;
  const int64_t before = plain ? sizes.before : sizes.after;
  const int64_t after = plain ? sizes.after : sizes.before;
  const Tensor all = at::empty({count, sizes.padded_rows(), columns}, at::kFloat);
  for (int64_t i = 0; i < count; ++i) {
    float* first = floats(all) + i * sizes.padded_rows() * columns;
    std::fill_n(first, before * columns, 0.0F);
    std::fill_n(first + (before + sizes.rows) * columns, after * columns, 0.0F);
  }
  return all;
}

const PackedMatrix* MatrixPacking::add(const float* from, int64_t depth, int64_t columns,
                                       int64_t depth_stride, int64_t column_stride) {
  all_.push_back(std::make_unique<PackedMatrix>(depth, columns, operands_));
  PackedMatrix* packed = all_.back().get();
  for (int64_t first = 0; first < packed->panels(); first += kPanelsAtOnce)
    pieces_.push_back({packed, from, depth_stride, column_stride, first,
                       std::min(first + kPanelsAtOnce, packed->panels())});
  return packed;
}

void MatrixPacking::run(int piece) const {
  const Piece& p = pieces_[static_cast<size_t>(piece)];
  p.packed->fill(p.from, p.depth_stride, p.column_stride, p.first, p.last);
}

}  // namespace glowvox::flow

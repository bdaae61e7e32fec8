// SPDX-License-Identifier: MIT
// A wavenet that computes nearly what a wider one does. Its residual path and its sum of skips are
// projections of the wide net's, its gates are some of the wide net's, and what leaves them is
// fitted, layer by layer, to what leaves the wide net's: each fit also mends what the ones before
// it missed.
#include "flow/narrowing.hpp"
#include "flow/net.hpp"
#include "flow/ops.hpp"

namespace glowvox::flow {

namespace {

using Map = Projection::Map;

// [O, K, C] -> [O * K, C]: all that taps read of a value.
Tensor rows_of(const Tensor& weight) { return weight.flatten(0, 1).to(torch::kDouble); }

}  // namespace

// What the wide net computes of the segments.
struct Wavenet::Trace {
  std::vector<Tensor> path;   // [N, H] before every layer
  std::vector<Tensor> gated;  // [N, H]
  std::vector<Tensor> skips;  // [N, H], summed up to each layer
  Tensor out;                 // [N, out]
};

Wavenet::Trace Wavenet::trace(const Tensor& x, const Tensor& features) {
  Trace trace;
  const auto conditions = cond_->blocks(2 * channels_);
  Tensor h = start_->forward(x), skip;
  for (size_t i = 0; i < dilated_.size(); ++i) {
    trace.path.push_back(settled(h));
    const Tensor act = gate(dilated_[i]->forward(h), cond_->forward(features, conditions[i]));
    trace.gated.push_back(settled(act));
    add_outputs(i, act, h, skip);
    trace.skips.push_back(settled(skip));
  }
  trace.out = settled(end_->forward(skip));
  return trace;
}

void Wavenet::narrow(Net& net, const Tensor& x, const Tensor& wide_features,
                     const Tensor& features) {
  auto& wide = dynamic_cast<Wavenet&>(net);
  const int64_t H = channels_, W = wide.channels_;
  const size_t layers = dilated_.size();
  const Trace seen = wide.trace(x, wide_features);

  // The residual path, by what the layers read of it; the skips, by what the end does.
  Tensor path_covariance;
  std::vector<Tensor> readers;
  for (size_t i = 0; i < layers; ++i) {
    const Tensor c = covariance_of(seen.path[i]);
    path_covariance = path_covariance.defined() ? path_covariance + c : c;
    readers.push_back(rows_of(wide.dilated_[i]->effective_weight()));
  }
  const Tensor reads = torch::cat(readers), ends = rows_of(wide.end_->effective_weight());
  const Projection path = reduced(path_covariance / static_cast<double>(layers), reads, H);
  const Projection skips = reduced(covariance_of(seen.skips.back()), ends, H);
  const Tensor of_path = at::mm(at::mm(reads, path.up), path.down);
  const Tensor of_skips = at::mm(at::mm(ends, skips.up), skips.down);

  const Map start = {at::matmul(path.down, rows_of(wide.start_->effective_weight())).unsqueeze(1),
                     at::mv(path.down, wide.start_->bias().to(torch::kDouble))};
  start_->set(start.weight, start.bias);
  Tensor h = start_->forward(x), skip;
  const Tensor told = settled(features);
  const auto conditions = wide.cond_->blocks(2 * W);
  std::vector<Tensor> condition_weights, condition_biases;
  for (size_t i = 0; i < layers; ++i) {
    const bool last = i + 1 == layers;
    // Which gates: by what their outputs bring to the next layers and to the end.
    const Tensor leaves = rows_of(wide.res_skip_[i]->effective_weight());
    const Tensor brings = last ? at::mm(of_skips, leaves)
                               : torch::cat({at::mm(of_path, leaves.narrow(0, 0, W)),
                                             at::mm(of_skips, leaves.narrow(0, W, W))});
    const Tensor gates = telling(covariance_of(seen.gated[i]), brings, H);
    const Tensor both = torch::cat({gates, gates + W});  // of the tanh and of the sigmoid

    const Map dilated = path.of(wide.dilated_[i]->effective_weight(), wide.dilated_[i]->bias(),
                                mean_of(seen.path[i]));
    dilated_[i]->set(dilated.weight.index_select(0, both), dilated.bias.index_select(0, both));
    const Conv::Block wanted{conditions[i].weight.index_select(0, both),
                             conditions[i].bias.index_select(0, both)};
    const Map condition =
        features.size(2) == wide_features.size(2)
            ? Map{wanted.weight, wanted.bias}
            : least_squares(told, settled(wide.cond_->forward(wide_features, wanted)));
    condition_weights.push_back(condition.weight);
    condition_biases.push_back(condition.bias);
    const Tensor act =
        gate(dilated_[i]->forward(h), at::linear(features, condition.weight.squeeze(1).to(features),
                                                 condition.bias.to(features)));

    Tensor lacks = at::mm(seen.skips[i], skips.down.t());
    if (skip.defined()) lacks = lacks - settled(skip);
    if (!last) lacks = torch::cat({at::mm(seen.path[i + 1], path.down.t()) - settled(h), lacks}, 1);
    const Map out = least_squares(settled(act), lacks);
    res_skip_[i]->set(out.weight, out.bias);
    add_outputs(i, act, h, skip);
  }
  cond_->set(torch::cat(condition_weights), torch::cat(condition_biases));
  const Map end = least_squares(settled(skip), seen.out);
  end_->set(end.weight, end.bias);
}

}  // namespace glowvox::flow

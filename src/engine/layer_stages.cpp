// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "engine/step_stages.hpp"

namespace glowvox::engine {

namespace {

// One layer of a coupling's net; the last one also ends the step.
class LayerStage : public FlowStage {
 public:
  // end: of the last layer.
  LayerStage(StepState* state, int layer, Condition* condition, Receiver* next,
             std::unique_ptr<StepEnd> end, int rows_per_frame)
      : FlowStage(next, std::move(end)),
        state_(*state),
        net_(state->step().net),
        layer_(net_.layers[static_cast<std::size_t>(layer)]),
        index_(layer),
        condition_(condition),
        rows_per_frame_(rows_per_frame) {}

  void plan(std::int64_t most_frames) override {
    RowWindow& in = state_.input(index_);
    std::int64_t room = last_layer() ? next().room() : state_.state(index_ + 1).room();
    if (!last_layer()) room = std::min(room, state_.input(index_ + 1).room());
    if (sums() && index_ == 0) room = std::min(room, state_.sum().room());
    const std::int64_t rows =
        set_plan(std::min({in.readable(), end() + room, end() + most_frames * rows_per_frame_}));
    const bool complete = in.complete() && end() == in.end();
    if (sums() && index_ == 0) state_.sum().append(rows, complete);
    if (!last_layer() || state_.separable()) {
      state_.append_hidden(index_ + 1, rows, complete);
    }
    if (last_layer()) {
      if (state_.separable()) state_.state(index_ + 1).release(end());
      if (sums()) state_.sum().release(end());
      state_.x().release(end());
      next().append(rows, complete);
    }
    in.release(end());
    state_.state(index_).release(end());
  }

  void took_back(std::int64_t rows) override {
    if (sums() && index_ == 0) state_.sum().take_back(rows);
    if (!last_layer() || state_.separable()) state_.take_back_hidden(index_ + 1, rows);
    if (last_layer()) next().take_back(rows);
  }

  void run(const Pieces& pieces, Scratch& scratch) override {
    float* output =
        state_.separable() ? run_separable(pieces, scratch) : run_wavenet(pieces, scratch);
    if (last_layer()) step_end()->run(pieces, output, scratch);
  }

 private:
  static LayerStage& of(const Piece& p) { return static_cast<LayerStage&>(*p.stage); }
  static StepState& state(const Piece& p) { return of(p).state_; }
  bool last_layer() const { return index_ + 1 == static_cast<int>(net_.layers.size()); }
  bool sums() const { return !state_.separable(); }

  // What enters the gate, without its bias: the condition's share first.
  void run_condition(const Pieces& pieces, Scratch& scratch) {
    run_conditioned(
        layer_.cond, pieces,
        [](const Piece& p) -> Condition::Part& { return of(p).condition_->features; },
        Write::kReplace, scratch.wide.rows(pieces.rows, 2 * net_.hidden), scratch);
  }

  void run_gate(int rows, Scratch& scratch) {
    gate(scratch.wide.rows(rows, 2 * net_.hidden), layer_.gate_bias.data(), net_.hidden,
         target_of(state_.dtype(), scratch.input, net_.hidden));
  }

  // The next layer's state: this one's, plus the residual product.
  void run_residual(const Pieces& pieces, Scratch& scratch) {
    layer_.residual.product.run(scratch.input.data(), scratch.other.floats(), pieces.rows);
    RowsView made = scratch.other.rows(pieces.rows, net_.hidden);
    for (const Piece& p : pieces) {
      StepState& s = state(p);
      add_bias(made.part(0, p.rows), layer_.residual.bias.data(), net_.hidden,
               s.target(index_ + 1, p.row), s.state(index_).view(p.row, p.rows));
      s.finish_input(index_ + 1, p.row, p.rows);
      made = made.from(p.rows);
    }
  }

  // The skip path's product, added to those of the layers before; where the sums are.
  float* run_skip(const Pieces& pieces, Scratch& scratch) {
    const Write write = index_ > 0 ? Write::kAdd : Write::kReplace;
    const bool together = !pieces.single();
    const RowsView sums = together ? scratch.other.rows(pieces.rows, net_.summed)
                                   : state_.sum().view(pieces.front().row, pieces.rows);
    if (together && index_ > 0) {
      RowsView to = sums;
      for (const Piece& p : pieces) {
        copy(state(p).sum().view(p.row, p.rows), net_.summed, to);
        to = to.from(p.rows);
      }
    }
    layer_.skip.run(scratch.input.data(), sums.data, pieces.rows, write);
    if (together && !last_layer()) {
      RowsView from = sums;
      for (const Piece& p : pieces) {
        copy(from.part(0, p.rows), net_.summed, state(p).sum().view(p.row, p.rows));
        from = from.from(p.rows);
      }
    }
    return sums.data;
  }

  // Of the last layer: the net's [t | log_s], without its bias.
  float* run_wavenet(const Pieces& pieces, Scratch& scratch) {
    run_condition(pieces, scratch);
    run_product(
        layer_.filter, pieces,
        [this](const Piece& p) {
          StepState& s = state(p);
          return s.input(index_).input(p.row - layer_.context.before, s.dtype());
        },
        scratch.wide.floats(), Write::kAdd, scratch);
    run_gate(pieces.rows, scratch);
    float* sums = run_skip(pieces, scratch);
    if (!last_layer()) {
      run_residual(pieces, scratch);
      return nullptr;
    }
    if (net_.end_folded) return sums;
    add_bias({sums, pieces.rows, net_.summed}, net_.skip_bias.data(), net_.hidden,
             target_of(state_.dtype(), scratch.input, net_.hidden));
    net_.end.product.run(scratch.input.data(), scratch.wide.floats(), pieces.rows);
    return scratch.wide.floats();
  }

  float* run_separable(const Pieces& pieces, Scratch& scratch) {
    Target filtered = target_of(state_.dtype(), scratch.input, net_.hidden);
    for (const Piece& p : pieces) {
      depthwise(state(p).input(index_).view(p.row - layer_.context.before, p.rows),
                {layer_.depthwise.data(), layer_.taps, std::int64_t{layer_.dilation} * net_.hidden},
                layer_.depthwise_bias.data(), net_.hidden, filtered);
      filtered = filtered.from(p.rows);
    }
    run_condition(pieces, scratch);
    layer_.filter.run(scratch.input.data(), scratch.wide.floats(), pieces.rows, Write::kAdd);
    run_gate(pieces.rows, scratch);
    run_residual(pieces, scratch);
    if (!last_layer()) return nullptr;
    run_product(
        net_.end.product, pieces,
        [this](const Piece& p) {
          StepState& s = state(p);
          return s.state(index_ + 1).input(p.row, s.dtype());
        },
        scratch.wide.floats(), Write::kReplace, scratch);
    return scratch.wide.floats();
  }

  StepState& state_;
  const PreparedNet& net_;
  const PreparedLayer& layer_;
  const int index_;
  Condition* condition_;
  const int rows_per_frame_;
};

}  // namespace

void add_layer_stages(StepState* state, Condition* condition, Receiver* next,
                      std::unique_ptr<StepEnd> end, int rows_per_frame,
                      std::vector<std::unique_ptr<Stage>>* stages) {
  const auto layers = static_cast<int>(state->step().net.layers.size());
  for (int layer = 0; layer < layers; ++layer)
    stages->push_back(std::make_unique<LayerStage>(state, layer, condition, next,
                                                   layer + 1 == layers ? std::move(end) : nullptr,
                                                   rows_per_frame));
}

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
#include "engine/step_stages.hpp"

#include <algorithm>
#include <utility>

#include "engine/noise.hpp"

namespace glowvox::engine {

namespace {

Target target_of(DType dtype, AlignedBytes& tile, int columns) {
  Target target(tile.rows(kTileRows, columns));
  if (dtype == DType::kBfloat16)
    target.bfloat16 = reinterpret_cast<std::uint16_t*>(std::exchange(target.full, nullptr));
  return target;
}

// Latents of the given channels for the rows from `row` on.
void draw(const Latent& latent, int all_channels, const std::vector<std::uint32_t>& channels,
          std::int64_t row, RowsView out) {
  if (latent.given == nullptr)
    return noise(latent.seed, channels, row, static_cast<float>(latent.sigma), out);
  for (std::int64_t r = 0; r < out.count; ++r) {
    const float* from = latent.given + (row + r) * all_channels;
    float* to = out.row(r);
    for (const std::uint32_t channel : channels) *to++ = from[channel];
  }
}

class NoiseStage : public SourceStage {
 public:
  NoiseStage(const PreparedModel& model, const Latent& latent, const Condition* condition,
             Receiver* to)
      : SourceStage(model, condition, to), latent_(latent) {}

  void run(std::int64_t row, int rows, Scratch& scratch) override {
    draw(latent_, model_.config.lift.channels, model_.latent_channels, row,
         to_->x().view(row, rows));
    to_->enter(row, rows, scratch);
  }

 private:
  const Latent latent_;
};

// Undoes the coupling and what stands before it.
class Inversion : public StepEnd {
 public:
  Inversion(StepState* state, Receiver* next, const Latent& latent, int all_channels)
      : state_(*state), next_(*next), latent_(latent), all_channels_(all_channels) {}

  void run(std::int64_t row, int rows, float* output, Scratch& scratch) override {
    const PreparedStep& step = state_.step();
    const int width = step.layout.width();
    const RowsView x = state_.x().view(row, rows);
    invert_coupling(step.rule, {output, rows, step.rule.affine ? 2 * width : width},
                    step.net.end.bias.data(), width, x.from_column(step.changed_column()));
    run_link(row, x, next_.x().view(row, rows), scratch);
    next_.enter(row, rows, scratch);
  }

 private:
  void run_link(std::int64_t row, ConstRowsView from, RowsView to, Scratch& scratch) {
    const PreparedLink& link = state_.step().link;
    if (link.identity)
      copy(from, link.to.columns(), to);
    else
      run_map(link, from, to);
    if (link.early == 0) return;
    const RowsView early =
        scratch.other.rows(to.count, static_cast<std::ptrdiff_t>(link.early_channels.size()));
    draw(latent_, all_channels_, link.early_channels, row, early);
    for (std::int64_t r = 0; r < to.count; ++r)
      for (int c = 0; c < link.early; ++c) to.row(r)[link.to.column_of(c)] = early.row(r)[c];
  }

  StepState& state_;
  Receiver& next_;
  const Latent latent_;
  const int all_channels_;
};

// One layer of a coupling's net; the last one also ends the step.
class LayerStage : public Stage {
 public:
  // end: of the last layer.
  LayerStage(StepState* state, int layer, Condition* condition, Receiver* next,
             std::unique_ptr<StepEnd> end, int rows_per_frame)
      : state_(*state),
        net_(state->step().net),
        layer_(net_.layers[static_cast<std::size_t>(layer)]),
        index_(layer),
        condition_(condition),
        next_(*next),
        end_(std::move(end)),
        rows_per_frame_(rows_per_frame) {}

  void plan(std::int64_t most_frames) override {
    RowWindow& in = state_.input(index_);
    std::int64_t room = last_layer() ? next_.room() : state_.state(index_ + 1).room();
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
      next_.append(rows, complete);
    }
    in.release(end());
    state_.state(index_).release(end());
  }

  void run(std::int64_t row, int rows, Scratch& scratch) override {
    if (state_.separable())
      run_separable(row, rows, scratch);
    else
      run_wavenet(row, rows, scratch);
    if (last_layer()) end_->run(row, rows, coupling_output(row, rows, scratch), scratch);
  }

 private:
  bool last_layer() const { return index_ + 1 == static_cast<int>(net_.layers.size()); }
  bool sums() const { return !state_.separable(); }

  // What enters the gate, without its bias: the condition's share first.
  void run_condition(std::int64_t row, int rows, Scratch& scratch) {
    run_conditioned(layer_.cond, condition_->features, row, Write::kReplace,
                    scratch.wide.rows(rows, 2 * net_.hidden), scratch);
  }

  void run_gate(int rows, Scratch& scratch) {
    gate(scratch.wide.rows(rows, 2 * net_.hidden), layer_.gate_bias.data(), net_.hidden,
         target_of(state_.dtype(), scratch.input, net_.hidden));
  }

  // The next layer's state: this one's, plus the residual product.
  void run_residual(std::int64_t row, int rows, Scratch& scratch) {
    layer_.residual.product.run(scratch.input.data(), scratch.other.floats(), rows);
    add_bias(scratch.other.rows(rows, net_.hidden), layer_.residual.bias.data(), net_.hidden,
             state_.target(index_ + 1, row), state_.state(index_).view(row, rows));
    state_.finish_input(index_ + 1, row, rows);
  }

  void run_wavenet(std::int64_t row, int rows, Scratch& scratch) {
    run_condition(row, rows, scratch);
    layer_.filter.run(state_.input(index_).input(row - layer_.context.before, state_.dtype()),
                      scratch.wide.floats(), rows, Write::kAdd);
    run_gate(rows, scratch);
    layer_.skip.run(scratch.input.data(), state_.sum().full(row), rows,
                    index_ > 0 ? Write::kAdd : Write::kReplace);
    if (!last_layer()) run_residual(row, rows, scratch);
  }

  void run_separable(std::int64_t row, int rows, Scratch& scratch) {
    depthwise(state_.input(index_).view(row - layer_.context.before, rows),
              {layer_.depthwise.data(), layer_.taps, std::int64_t{layer_.dilation} * net_.hidden},
              layer_.depthwise_bias.data(), net_.hidden,
              target_of(state_.dtype(), scratch.input, net_.hidden));
    run_condition(row, rows, scratch);
    layer_.filter.run(scratch.input.data(), scratch.wide.floats(), rows, Write::kAdd);
    run_gate(rows, scratch);
    run_residual(row, rows, scratch);
  }

  // The net's [t | log_s], without its bias.
  float* coupling_output(std::int64_t row, int rows, Scratch& scratch) {
    if (net_.end_folded) return state_.sum().full(row);
    const void* in = scratch.input.data();
    if (state_.separable())
      in = state_.state(index_ + 1).input(row, state_.dtype());
    else
      add_bias(state_.sum().view(row, rows), net_.skip_bias.data(), net_.hidden,
               target_of(state_.dtype(), scratch.input, net_.hidden));
    net_.end.product.run(in, scratch.wide.floats(), rows);
    return scratch.wide.floats();
  }

  StepState& state_;
  const PreparedNet& net_;
  const PreparedLayer& layer_;
  const int index_;
  Condition* condition_;
  Receiver& next_;
  const std::unique_ptr<StepEnd> end_;
  const int rows_per_frame_;
};

config::Context context_of(const PreparedNet& net) {
  config::Context sum;
  for (const PreparedLayer& layer : net.layers) {
    sum.before += layer.context.before;
    sum.after += layer.context.after;
  }
  return sum;
}

}  // namespace

StepState::StepState(const PreparedStep& step, DType dtype, int most_rows)
    : step_(step), dtype_(dtype) {
  const PreparedNet& net = step.net;
  using Stored = RowWindow::Stored;
  const bool bfloat16 = dtype == DType::kBfloat16;
  const int behind = context_of(net).after;
  x_ = RowWindow({step.layout.columns(), Stored::kFloat, most_rows + behind});
  for (const PreparedLayer& layer : net.layers) {
    const int before = layer.context.before, after = layer.context.after;
    const int capacity = most_rows + after;
    Hidden hidden;
    hidden.shared = !separable() && !bfloat16;
    if (hidden.shared) {
      hidden.state = RowWindow({net.hidden, Stored::kFloat, capacity, before, after});
    } else {
      hidden.state = RowWindow({net.hidden, Stored::kFloat, capacity});
      hidden.input = RowWindow(
          {net.hidden, separable() ? Stored::kFloat : Stored::kBfloat16, capacity, before, after});
    }
    hidden_.push_back(std::move(hidden));
  }
  if (separable()) {
    Hidden last;
    last.shared = true;
    last.state = RowWindow({net.hidden, bfloat16 ? Stored::kBoth : Stored::kFloat, most_rows});
    hidden_.push_back(std::move(last));
  } else {
    sum_ = RowWindow({net.summed, Stored::kFloat, most_rows + behind});
  }
}

RowWindow& StepState::input(int layer) {
  Hidden& hidden = hidden_[static_cast<std::size_t>(layer)];
  return hidden.shared ? hidden.state : hidden.input;
}

std::int64_t StepState::room() const {
  const Hidden& first = hidden_.front();
  const std::int64_t room = std::min(x_.room(), first.state.room());
  return first.shared ? room : std::min(room, first.input.room());
}

void StepState::append(std::int64_t rows, bool complete) {
  x_.append(rows, complete);
  append_hidden(0, rows, complete);
}

void StepState::append_hidden(int layer, std::int64_t rows, bool complete) {
  Hidden& hidden = hidden_[static_cast<std::size_t>(layer)];
  hidden.state.append(rows, complete);
  if (!hidden.shared) hidden.input.append(rows, complete);
}

Target StepState::target(int layer, std::int64_t row) {
  Hidden& hidden = hidden_[static_cast<std::size_t>(layer)];
  Target target = hidden.state.target(row);
  if (!separable() && !hidden.shared) target.bfloat16 = hidden.input.bfloat16(row);
  return target;
}

void StepState::finish_input(int layer, std::int64_t row, int rows) {
  if (!separable() || layer == static_cast<int>(step_.net.layers.size())) return;
  const PreparedLayer& next = step_.net.layers[static_cast<std::size_t>(layer)];
  const int columns = step_.net.hidden;
  scale_and_shift(state(layer).view(row, rows), next.scale.data(), next.shift.data(), columns,
                  input(layer).target(row));
}

void StepState::enter(std::int64_t row, int rows, Scratch& scratch) {
  const RowsView passes = x_.view(row, rows).from_column(step_.passes_column());
  const void* in = passes.data;
  if (dtype_ == DType::kBfloat16) {
    const int width = step_.layout.width();
    copy(passes, width, target_of(dtype_, scratch.input, width));
    in = scratch.input.data();
  }
  const int columns = step_.net.hidden;
  step_.net.start.product.run(in, scratch.wide.floats(), rows);
  add_bias(scratch.wide.rows(rows, columns), step_.net.start.bias.data(), columns, target(0, row));
  finish_input(0, row, rows);
}

void run_map(const ChannelMap& map, ConstRowsView from, RowsView to) {
  if (map.dense) {
    map.mixing.product.run(from.data, to.data, static_cast<int>(from.count));
    add_bias(to, map.mixing.bias.data(), map.to.columns(), to);
    return;
  }
  for (std::int64_t r = 0; r < from.count; ++r) {
    const float* x = from.row(r);
    float* y = to.row(r);
    for (std::size_t c = 0; c < map.source.size(); ++c)
      y[c] = map.source[c] < 0 ? 0.0F : x[map.source[c]] * map.scale[c] + map.shift[c];
  }
}

void run_scale_shift(const PreparedOutput& output, Condition& condition, std::int64_t row,
                     RowsView net, Scratch& scratch) {
  run_conditioned(output.from_features, condition.features, row, Write::kReplace, net, scratch);
  run_conditioned(output.from_mel, condition.log_mel, row, Write::kAdd, net, scratch);
}

void SourceStage::plan(std::int64_t most_frames) {
  const std::int64_t there = condition_->features.rows.end() * condition_->features.ratio;
  const std::int64_t rows = set_plan(std::min(
      {there, end() + to_->room(), end() + most_frames * model_.conditioner.rows_per_frame}));
  to_->append(rows, condition_->features.rows.complete() && end() == there);
}

void add_layer_stages(StepState* state, Condition* condition, Receiver* next,
                      std::unique_ptr<StepEnd> end, int rows_per_frame,
                      std::vector<std::unique_ptr<Stage>>* stages) {
  const auto layers = static_cast<int>(state->step().net.layers.size());
  for (int layer = 0; layer < layers; ++layer)
    stages->push_back(std::make_unique<LayerStage>(state, layer, condition, next,
                                                   layer + 1 == layers ? std::move(end) : nullptr,
                                                   rows_per_frame));
}

FlowStages flow_stages(const PreparedModel& model, const Latent& latent, Condition* condition,
                       OutputState* output, int most_rows) {
  FlowStages flow;
  for (const PreparedStep& step : model.steps)
    flow.states.push_back(std::make_unique<StepState>(step, model.dtype, most_rows));
  flow.stages.push_back(
      std::make_unique<NoiseStage>(model, latent, condition, flow.states.front().get()));
  for (std::size_t i = 0; i < flow.states.size(); ++i) {
    Receiver* next = output;
    if (i + 1 < flow.states.size()) next = flow.states[i + 1].get();
    StepState* state = flow.states[i].get();
    add_layer_stages(state, condition, next,
                     std::make_unique<Inversion>(state, next, latent, model.config.lift.channels),
                     model.conditioner.rows_per_frame, &flow.stages);
  }
  return flow;
}

int widest_columns(const PreparedModel& model) {
  int widest = std::max(padded(model.conditioner.features), 2 * model.output.layout.columns());
  for (const PreparedStep& step : model.steps)
    widest = std::max({widest, 2 * step.net.hidden, 2 * step.layout.columns(), step.net.summed});
  return widest;
}

int delay_rows(const PreparedModel& model) {
  int delay = 0;
  for (const PreparedStep& step : model.steps) delay += context_of(step.net).after;
  return delay;
}

}  // namespace glowvox::engine

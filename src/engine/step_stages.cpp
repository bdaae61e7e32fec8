// SPDX-License-Identifier: MIT
#include "engine/step_stages.hpp"

#include <algorithm>

#include "engine/noise.hpp"

namespace glowvox::engine {

namespace {

Target float_target(float* to, int row) {
  Target target;
  target.full = to;
  target.row = row;
  return target;
}

Target target_of(Number number, AlignedBytes& tile, int row) {
  Target target;
  target.row = row;
  if (number == Number::kFloat32)
    target.full = tile.floats();
  else
    target.half = reinterpret_cast<std::uint16_t*>(tile.data());
  return target;
}

// Latents of the given channels for rows [row, row + rows).
void draw(const Latent& latent, int all_channels, const std::vector<std::uint32_t>& channels,
          std::int64_t row, int rows, float* out, int out_row) {
  const int columns = static_cast<int>(channels.size());
  if (latent.given == nullptr) {
    noise(latent.seed, channels.data(), columns, row, rows, static_cast<float>(latent.sigma), out,
          out_row);
    return;
  }
  for (int r = 0; r < rows; ++r) {
    const float* from = latent.given + (row + r) * all_channels;
    float* to = out + static_cast<std::ptrdiff_t>(r) * out_row;
    for (int c = 0; c < columns; ++c) to[c] = from[channels[static_cast<std::size_t>(c)]];
  }
}

class NoiseStage : public SourceStage {
 public:
  NoiseStage(const PreparedModel& model, const Latent& latent, const Condition* condition,
             Receiver* to)
      : SourceStage(model, condition, to), latent_(latent) {}

  void run(std::int64_t row, int rows, Scratch& scratch) override {
    draw(latent_, model_.config.lift.channels, model_.latent_channels, row, rows,
         to_->x().full(row), to_->x().row_elements());
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
    Rows& x = state_.x();
    const int width = step.layout.width();
    invert_coupling(step.rule, output, step.rule.affine ? 2 * width : width,
                    step.net.end.bias.data(), width, rows, x.full(row) + step.changed_column(),
                    x.row_elements());
    link(row, rows, scratch);
    next_.enter(row, rows, scratch);
  }

 private:
  void link(std::int64_t row, int rows, Scratch& scratch) {
    const PreparedLink& link = state_.step().link;
    const float* from = state_.x().full(row);
    float* to = next_.x().full(row);
    const int from_row = link.from.columns(), to_row = link.to.columns();
    if (link.dense) {
      link.mixing.product.run(from, to, rows, false);
      add_bias(nullptr, 0, to, to_row, link.mixing.bias.data(), to_row, rows,
               float_target(to, to_row));
    } else if (link.identity) {
      copy(from, from_row, to_row, rows, float_target(to, to_row));
    } else {
      for (int r = 0; r < rows; ++r)
        permute(link, from + static_cast<std::ptrdiff_t>(r) * from_row,
                to + static_cast<std::ptrdiff_t>(r) * to_row);
    }
    if (link.early == 0) return;
    const int early_row = static_cast<int>(link.early_channels.size());
    float* early = scratch.other.floats();
    draw(latent_, all_channels_, link.early_channels, row, rows, early, early_row);
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < link.early; ++c)
        to[static_cast<std::ptrdiff_t>(r) * to_row + link.to.column_of(c)] =
            early[static_cast<std::ptrdiff_t>(r) * early_row + c];
  }

  static void permute(const PreparedLink& link, const float* from, float* to) {
    for (std::size_t c = 0; c < link.source.size(); ++c) {
      const int source = link.source[c];
      to[c] = source < 0 ? 0.0F : from[source] * link.scale[c] + link.shift[c];
    }
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
    Rows& in = state_.input(index_);
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
    run_conditioned(layer_.cond, condition_->features, condition_->ratio, row, rows, false,
                    scratch.wide.floats(), 2 * net_.hidden, scratch);
  }

  void run_gate(int rows, Scratch& scratch) {
    gate(scratch.wide.floats(), 2 * net_.hidden, layer_.gate_bias.data(), net_.hidden, rows,
         target_of(state_.number(), scratch.input, net_.hidden));
  }

  // The next layer's state: this one's, plus the residual product.
  void run_residual(std::int64_t row, int rows, Scratch& scratch) {
    layer_.residual.product.run(scratch.input.data(), scratch.other.floats(), rows, false);
    add_bias(state_.state(index_).full(row), net_.hidden, scratch.other.floats(), net_.hidden,
             layer_.residual.bias.data(), net_.hidden, rows, state_.target(index_ + 1, row));
    state_.finish_input(index_ + 1, row, rows);
  }

  void run_wavenet(std::int64_t row, int rows, Scratch& scratch) {
    run_condition(row, rows, scratch);
    layer_.filter.run(state_.input(index_).input(row - layer_.context.before, state_.number()),
                      scratch.wide.floats(), rows, true);
    run_gate(rows, scratch);
    layer_.skip.run(scratch.input.data(), state_.sum().full(row), rows, index_ > 0);
    if (!last_layer()) run_residual(row, rows, scratch);
  }

  void run_separable(std::int64_t row, int rows, Scratch& scratch) {
    Rows& in = state_.input(index_);
    depthwise(in.full(row - layer_.context.before), net_.hidden,
              std::int64_t{layer_.dilation} * net_.hidden, layer_.depthwise.data(), layer_.taps,
              layer_.depthwise_bias.data(), net_.hidden, rows,
              target_of(state_.number(), scratch.input, net_.hidden));
    run_condition(row, rows, scratch);
    layer_.filter.run(scratch.input.data(), scratch.wide.floats(), rows, true);
    run_gate(rows, scratch);
    run_residual(row, rows, scratch);
  }

  // The net's [t | log_s], without its bias.
  float* coupling_output(std::int64_t row, int rows, Scratch& scratch) {
    if (net_.end_folded) return state_.sum().full(row);
    const void* in = scratch.input.data();
    if (state_.separable())
      in = state_.state(index_ + 1).input(row, state_.number());
    else
      add_bias(nullptr, 0, state_.sum().full(row), net_.summed, net_.skip_bias.data(), net_.hidden,
               rows, target_of(state_.number(), scratch.input, net_.hidden));
    net_.end.product.run(in, scratch.wide.floats(), rows, false);
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

StepState::StepState(const PreparedStep& step, Number number, int most_rows)
    : step_(step), number_(number) {
  const PreparedNet& net = step.net;
  const bool half = number == Number::kBfloat16;
  const int behind = context_of(net).after;
  x_ = Rows({step.layout.columns(), true, false, 0, 0, most_rows + behind});
  for (const PreparedLayer& layer : net.layers) {
    const int before = layer.context.before, after = layer.context.after;
    const int capacity = most_rows + after;
    Hidden hidden;
    hidden.shared = !separable() && !half;
    if (hidden.shared) {
      hidden.state = Rows({net.hidden, true, false, before, after, capacity});
    } else {
      hidden.state = Rows({net.hidden, true, false, 0, 0, capacity});
      hidden.input = Rows({net.hidden, separable(), !separable(), before, after, capacity});
    }
    hidden_.push_back(std::move(hidden));
  }
  if (separable()) {
    Hidden last;
    last.shared = true;
    last.state = Rows({net.hidden, true, half, 0, 0, most_rows});
    hidden_.push_back(std::move(last));
  } else {
    sum_ = Rows({net.summed, true, false, 0, 0, most_rows + behind});
  }
}

Rows& StepState::input(int layer) {
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
  Target target = float_target(hidden.state.full(row), hidden.state.row_elements());
  const bool last_of_separable = separable() && hidden.shared;
  if (number_ == Number::kBfloat16 && (!separable() || last_of_separable))
    target.half = input(layer).half(row);
  return target;
}

void StepState::finish_input(int layer, std::int64_t row, int rows) {
  if (!separable() || layer == static_cast<int>(step_.net.layers.size())) return;
  const PreparedLayer& next = step_.net.layers[static_cast<std::size_t>(layer)];
  const int columns = step_.net.hidden;
  scale_and_shift(state(layer).full(row), columns, next.scale.data(), next.shift.data(), columns,
                  rows, float_target(input(layer).full(row), columns));
}

void StepState::enter(std::int64_t row, int rows, Scratch& scratch) {
  const float* passes = x_.full(row) + step_.passes_column();
  const void* in = passes;
  if (number_ == Number::kBfloat16) {
    const int width = step_.layout.width();
    copy(passes, x_.row_elements(), width, rows, target_of(number_, scratch.input, width));
    in = scratch.input.data();
  }
  const int columns = step_.net.hidden;
  step_.net.start.product.run(in, scratch.wide.floats(), rows, false);
  add_bias(nullptr, 0, scratch.wide.floats(), columns, step_.net.start.bias.data(), columns, rows,
           target(0, row));
  finish_input(0, row, rows);
}

void SourceStage::plan(std::int64_t most_frames) {
  const std::int64_t there = condition_->features.end() * condition_->ratio;
  const std::int64_t rows = set_plan(std::min(
      {there, end() + to_->room(), end() + most_frames * model_.conditioner.rows_per_frame}));
  to_->append(rows, condition_->features.complete() && end() == there);
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
    flow.states.push_back(std::make_unique<StepState>(step, model.number, most_rows));
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

// SPDX-License-Identifier: MIT
#include "engine/step_stages.hpp"

#include <algorithm>
#include <utility>

#include "engine/noise.hpp"

namespace glowvox::engine {

namespace {

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

  void run(const Pieces& pieces, Scratch& scratch) override {
    for (const Piece& p : pieces)
      draw(static_cast<NoiseStage*>(p.stage)->latent_, model_.config.lift.channels,
           model_.latent_channels, p.row, receiver_of(p).x().view(p.row, p.rows));
    next().enter(pieces, scratch);
  }

 private:
  const Latent latent_;
};

// Undoes the coupling and what stands before it.
class Inversion : public StepEnd {
 public:
  Inversion(StepState* state, Receiver* next, const Latent& latent, int all_channels)
      : state_(*state), next_(*next), latent_(latent), all_channels_(all_channels) {}

  void run(const Pieces& pieces, float* output, Scratch& scratch) override {
    const PreparedStep& step = state_.step();
    const int width = step.layout.width();
    ConstRowsView net{output, pieces.rows, step.rule.affine ? 2 * width : width};
    for (const Piece& p : pieces) {
      invert_coupling(step.rule, {net.data, p.rows, net.stride}, step.net.end.bias.data(), width,
                      of(p).x(p).from_column(step.changed_column()));
      net = net.from(p.rows);
    }
    run_link(pieces, scratch);
    next_.enter(pieces, scratch);
  }

 private:
  static Inversion& of(const Piece& p) { return static_cast<Inversion&>(step_end_of(p)); }
  RowsView x(const Piece& p) { return state_.x().view(p.row, p.rows); }
  RowsView next_x(const Piece& p) { return next_.x().view(p.row, p.rows); }

  void run_link(const Pieces& pieces, Scratch& scratch) {
    const PreparedLink& link = state_.step().link;
    const int columns = link.to.columns();
    if (link.dense)
      run_product_to(
          link.mixing.product, pieces, [](const Piece& p) { return of(p).x(p).data; },
          [](const Piece& p) { return of(p).next_x(p).data; }, columns, scratch.wide.floats(),
          scratch);
    for (const Piece& p : pieces) {
      const RowsView from = of(p).x(p), to = of(p).next_x(p);
      if (link.dense)
        add_bias(to, link.mixing.bias.data(), columns, to);
      else if (link.identity)
        copy(from, columns, to);
      else
        run_map(link, from, to);
      of(p).draw_early(p.row, to, scratch);
    }
  }

  void draw_early(std::int64_t row, RowsView to, Scratch& scratch) {
    const PreparedLink& link = state_.step().link;
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

config::Context context_of(const PreparedNet& net) {
  config::Context sum;
  for (const PreparedLayer& layer : net.layers) {
    sum.before += layer.context.before;
    sum.after += layer.context.after;
  }
  return sum;
}

}  // namespace

Target target_of(DType dtype, AlignedBytes& tile, int columns) {
  Target target(tile.rows(kTileRows, columns));
  if (dtype == DType::kBfloat16)
    target.bfloat16 = reinterpret_cast<std::uint16_t*>(std::exchange(target.full, nullptr));
  return target;
}

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

void StepState::take_back(std::int64_t rows) {
  x_.take_back(rows);
  take_back_hidden(0, rows);
}

void StepState::take_back_hidden(int layer, std::int64_t rows) {
  Hidden& hidden = hidden_[static_cast<std::size_t>(layer)];
  hidden.state.take_back(rows);
  if (!hidden.shared) hidden.input.take_back(rows);
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

void StepState::enter(const Pieces& pieces, Scratch& scratch) {
  const auto of = [](const Piece& p) -> StepState& {
    return static_cast<StepState&>(receiver_of(p));
  };
  const auto passes = [&of](const Piece& p) {
    StepState& s = of(p);
    return s.x_.view(p.row, p.rows).from_column(s.step_.passes_column());
  };
  const Product& product = step_.net.start.product;
  if (dtype_ == DType::kBfloat16) {
    const int width = step_.layout.width();
    Target narrow = target_of(dtype_, scratch.input, width);
    for (const Piece& p : pieces) {
      copy(passes(p), width, narrow);
      narrow = narrow.from(p.rows);
    }
    product.run(scratch.input.data(), scratch.wide.floats(), pieces.rows);
  } else {
    run_product(
        product, pieces, [&passes](const Piece& p) { return passes(p).data; },
        scratch.wide.floats(), Write::kReplace, scratch);
  }
  const int columns = step_.net.hidden;
  RowsView made = scratch.wide.rows(pieces.rows, columns);
  for (const Piece& p : pieces) {
    add_bias(made.part(0, p.rows), step_.net.start.bias.data(), columns, of(p).target(0, p.row));
    of(p).finish_input(0, p.row, p.rows);
    made = made.from(p.rows);
  }
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

void SourceStage::plan(std::int64_t most_frames) {
  const std::int64_t there = condition_->features.rows.end() * condition_->features.ratio;
  const std::int64_t rows = set_plan(std::min(
      {there, end() + next().room(), end() + most_frames * model_.conditioner.rows_per_frame}));
  next().append(rows, condition_->features.rows.complete() && end() == there);
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

std::size_t gathered_bytes(const PreparedModel& model) {
  const PreparedConditioner& c = model.conditioner;
  int widest = std::max(widest_columns(model), c.phase_taps * padded(c.bands));
  for (const auto& block : c.blocks)
    widest = std::max(widest, block.first.product.taps() * padded(c.features));
  for (const PreparedStep& step : model.steps)
    for (const PreparedLayer& layer : step.net.layers)
      widest = std::max(widest, layer.filter.taps() * step.net.hidden);
  return Scratch::bytes(widest);
}

int delay_rows(const PreparedModel& model) {
  int delay = 0;
  for (const PreparedStep& step : model.steps) delay += context_of(step.net).after;
  return delay;
}

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
// The inverse flow: from noise, step after step, to lifted rows and samples.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/flow_output.hpp"
#include "engine/prepared.hpp"
#include "engine/stage.hpp"

namespace glowvox::engine {

struct Latent {
  double sigma = 0.0;
  std::uint64_t seed = 0;
  // Exact latents instead of noise, [rows][channels], where not null.
  const float* given = nullptr;
};

// What a step hands its rows to: the next step, or the lift.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual std::int64_t room() const = 0;
  virtual void append(std::int64_t rows, bool complete) = 0;
  virtual void take_back(std::int64_t rows) = 0;
  virtual RowWindow& x() = 0;  // where the rows are to be written
  // Takes the pieces' rows of x, once written: each of the receiver that its stage hands rows to,
  // the first of which this is.
  virtual void enter(const Pieces& pieces, Scratch& scratch) = 0;
};

// What becomes of a step's rows once its net has seen them: the coupling, the way to the next step.
class StepEnd {
 public:
  virtual ~StepEnd() = default;
  // The pieces' rows of the step's x. output: what the net makes of them, [t | log_s] without its
  // bias, no longer needed afterwards.
  virtual void run(const Pieces& pieces, float* output, Scratch& scratch) = 0;
};

// A stage from which rows go to a receiver.
class FlowStage : public Stage {
 public:
  explicit FlowStage(Receiver* next, std::unique_ptr<StepEnd> end = nullptr)
      : next_(next), end_(std::move(end)) {}
  Receiver& next() const { return *next_; }
  StepEnd* step_end() const { return end_.get(); }  // of the stages that have one

 private:
  Receiver* next_;
  const std::unique_ptr<StepEnd> end_;
};
inline Receiver& receiver_of(const Piece& piece) {
  return static_cast<const FlowStage*>(piece.stage)->next();
}
inline StepEnd& step_end_of(const Piece& piece) {
  return *static_cast<const FlowStage*>(piece.stage)->step_end();
}

// One step's memory: its rows, and what its net keeps of every layer.
class StepState : public Receiver {
 public:
  StepState(const PreparedStep& step, DType dtype, int most_rows);
  std::int64_t room() const override;
  void append(std::int64_t rows, bool complete) override;
  void take_back(std::int64_t rows) override;
  RowWindow& x() override { return x_; }
  void enter(const Pieces& pieces, Scratch& scratch) override;

  // Before layer `layer`: its residual stream, and what its convolution reads.
  RowWindow& state(int layer) { return hidden_[static_cast<std::size_t>(layer)].state; }
  RowWindow& input(int layer);
  void append_hidden(int layer, std::int64_t rows, bool complete);
  void take_back_hidden(int layer, std::int64_t rows);
  // state(layer) was written as float: makes the rows of input(layer) where they are others.
  Target target(int layer, std::int64_t row);
  void finish_input(int layer, std::int64_t row, int rows);
  RowWindow& sum() { return sum_; }
  const PreparedStep& step() const { return step_; }
  DType dtype() const { return dtype_; }
  bool separable() const { return step_.net.kind == config::NetKind::kSeparable; }

 private:
  struct Hidden {
    RowWindow state, input;
    bool shared = false;
  };
  const PreparedStep& step_;
  DType dtype_;
  RowWindow x_;
  std::vector<Hidden> hidden_;  // one more for a separable net, whose last state enters `end`
  RowWindow sum_;               // wavenet: of the skip paths
};

// The first stage of a flow: rows of x for its first step, as far as there are features for them.
class SourceStage : public FlowStage {
 public:
  SourceStage(const PreparedModel& model, const Condition* condition, Receiver* to)
      : FlowStage(to), model_(model), condition_(condition) {}
  void plan(std::int64_t most_frames) override;

 protected:
  void took_back(std::int64_t rows) override { next().take_back(rows); }

  const PreparedModel& model_;
  const Condition* condition_;
};

// Rows of `columns` in a tile, for what products of the type take.
Target target_of(DType dtype, AlignedBytes& tile, int columns);

// The layers of a step's net, a stage each; the last one ends the step and hands `next` its rows.
void add_layer_stages(StepState* state, Condition* condition, Receiver* next,
                      std::unique_ptr<StepEnd> end, int rows_per_frame,
                      std::vector<std::unique_ptr<Stage>>* stages);

// to: rows in map.to's layout, as many as `from` has in map.from's.
void run_map(const ChannelMap& map, ConstRowsView from, RowsView to);

// Scale and shift of the pieces' rows given the mel, [t | log_s] without their bias.
// condition(piece): whose.
template <class ConditionOf>
void run_scale_shift(const PreparedOutput& output, const Pieces& pieces,
                     const ConditionOf& condition, RowsView net, Scratch& scratch) {
  const auto features = [&](const Piece& p) -> Condition::Part& { return condition(p).features; };
  const auto log_mel = [&](const Piece& p) -> Condition::Part& { return condition(p).log_mel; };
  run_conditioned(output.from_features, pieces, features, Write::kReplace, net, scratch);
  run_conditioned(output.from_mel, pieces, log_mel, Write::kAdd, net, scratch);
}

// Samples of a stream, as they become final.
class OutputState : public Receiver {
 public:
  // skip_alignment: leave out the samples before sample 0 of the mel's audio (see MelAlignment).
  OutputState(const PreparedModel& model, Condition* condition, int most_rows, bool skip_alignment);
  std::int64_t room() const override { return std::min(x_.room(), blocks_.room()); }
  void append(std::int64_t rows, bool complete) override;
  void take_back(std::int64_t rows) override;
  RowWindow& x() override { return x_; }
  void enter(const Pieces& pieces, Scratch& scratch) override;
  // Appends what the last pass made. drawn: its last row is not to be, and goes to
  // FlowOutput::ahead of the row before it.
  void collect(FlowOutput* made, bool drawn);

 private:
  void leave_channels(std::int64_t row, int rows);
  void collect_row(std::int64_t row, std::vector<float>* samples);
  void look_ahead(std::vector<float>* ahead) const;
  void skip(std::size_t start, std::vector<float>* samples);

  const PreparedModel& model_;
  Condition* condition_;
  RowWindow x_;       // columns of the last step
  RowWindow blocks_;  // [C] samples of each row, before the overlap
  std::vector<float> window_, tail_, tail_before_;
  std::int64_t collected_ = 0;  // rows
  bool finished_ = false;
  std::int64_t skip_ = 0;  // samples still to be left out
};

// All stages from noise to `output`; states stay with the caller.
struct FlowStages {
  std::vector<std::unique_ptr<StepState>> states;
  std::vector<std::unique_ptr<Stage>> stages;
};
FlowStages flow_stages(const PreparedModel& model, const Latent& latent, Condition* condition,
                       OutputState* output, int most_rows);

// The widest row between products; what a tile's rows of several streams take, gathered for any
// product; and how many rows behind the noise the last step is.
int widest_columns(const PreparedModel& model);
std::size_t gathered_bytes(const PreparedModel& model);
int delay_rows(const PreparedModel& model);

}  // namespace glowvox::engine

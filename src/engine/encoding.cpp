// SPDX-License-Identifier: MIT
#include "engine/encoding.hpp"

#include <algorithm>
#include <cmath>

#include "dsp/mdct.hpp"
#include "engine/conditioner_stages.hpp"
#include "engine/passes.hpp"
#include "engine/step_stages.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

double sum(const float* values, int count) {
  double total = 0.0;
  for (int i = 0; i < count; ++i) total += values[i];
  return total;
}

// What becomes of every lifted row of an utterance. An utterance is encoded alone: tiles are one
// piece here.
struct EncodedRows {
  EncodedRows(const PreparedEncoding& prepared, std::int64_t rows)
      : channels(prepared.model->config.lift.channels),
        latents(static_cast<std::size_t>(rows * channels)),
        log_det(static_cast<std::size_t>(rows), prepared.log_det),
        log_prob(static_cast<std::size_t>(rows)) {}

  // Channels of x, from the first on, become latents; rows of x are in `layout`.
  void leave(ConstRowsView x, const ChannelLayout& layout, int count, std::int64_t row) {
    const int first = channels - layout.channels;  // those before have left already
    for (int c = 0; c < count; ++c) {
      const int column = layout.column_of(c);
      float* to = &latents[static_cast<std::size_t>(row * channels + first + c)];
      for (std::int64_t r = 0; r < x.count; ++r, to += channels) *to = x.row(r)[column];
    }
  }

  // log_s: rows of `count`.
  void add_log_det(ConstRowsView log_s, int count, double sign, std::int64_t row) {
    for (std::int64_t r = 0; r < log_s.count; ++r)
      log_det[static_cast<std::size_t>(row + r)] += sign * sum(log_s.row(r), count);
  }

  int channels;
  std::vector<float> latents;             // [rows][channels]
  std::vector<double> log_det, log_prob;  // of every row; log_prob: of the latents
};

// A step's input to what its coupling takes.
void run_link(const ChannelMap& link, ConstRowsView from, std::int64_t row, RowsView to,
              EncodedRows* encoded) {
  encoded->leave(from, link.from, link.early, row);
  run_map(link, from, to);
}

// The first stage: lifted rows, their scale and shift given the mel taken off, enter the first
// step.
class LiftedStage : public SourceStage {
 public:
  LiftedStage(const PreparedEncoding& prepared, std::vector<float> lifted, Condition* condition,
              StepState* to, EncodedRows* encoded)
      : SourceStage(*prepared.model, condition, to),
        link_(prepared.links.front()),
        lifted_(std::move(lifted)),
        given_(*condition),
        encoded_(encoded) {}

  void run(const Pieces& pieces, Scratch& scratch) override {
    const std::int64_t row = pieces.front().row;
    const int rows = pieces.rows;
    const ChannelLayout& layout = model_.output.layout;
    const int C = layout.channels, columns = layout.columns();
    const RowsView x = scratch.input.rows(rows, columns);
    std::fill_n(x.data, static_cast<std::ptrdiff_t>(rows) * columns, 0.0F);
    for (int c = 0; c < C; ++c) {
      const float* from = &lifted_[static_cast<std::size_t>(row * C + c)];
      float* to = x.data + layout.column_of(c);
      for (int r = 0; r < rows; ++r, from += C, to += columns) *to = *from;
    }
    if (model_.output.scale_shift) take_off(x, pieces, scratch);
    run_link(link_, x, row, next().x().view(row, rows), encoded_);
    next().enter(pieces, scratch);
  }

 private:
  void take_off(RowsView x, const Pieces& pieces, Scratch& scratch) {
    const PreparedOutput& output = model_.output;
    const int columns = output.layout.columns();
    const RowsView net = scratch.wide.rows(x.count, 2 * columns);
    run_scale_shift(
        output, pieces, [this](const Piece&) -> Condition& { return given_; }, net, scratch);
    undo_scale_shift(net, output.bias.data(), columns, x);
    encoded_->add_log_det(net.from_column(columns), columns, -1.0, pieces.front().row);
  }

  const ChannelMap& link_;
  const std::vector<float> lifted_;  // [rows][channels]
  Condition& given_;
  EncodedRows* encoded_;
};

// A coupling, and the way to the next step or out.
class CouplingEnd : public StepEnd {
 public:
  // link: null after the last step.
  CouplingEnd(StepState* state, Receiver* next, const ChannelMap* link, EncodedRows* encoded)
      : state_(*state), next_(*next), link_(link), encoded_(encoded) {}

  void run(const Pieces& pieces, float* output, Scratch& scratch) override {
    const std::int64_t row = pieces.front().row;
    const int rows = pieces.rows;
    const PreparedStep& step = state_.step();
    const RowsView x = state_.x().view(row, rows), to = next_.x().view(row, rows);
    const int width = step.layout.width();
    const RowsView net{output, rows, step.rule.affine ? 2 * width : width};
    apply_coupling(step.rule, net, step.net.end.bias.data(), width,
                   x.from_column(step.changed_column()));
    if (step.rule.affine) encoded_->add_log_det(net.from_column(width), width, 1.0, row);
    if (link_ != nullptr)
      run_link(*link_, x, row, to, encoded_);
    else
      copy(x, step.layout.columns(), to);
    next_.enter(pieces, scratch);
  }

 private:
  StepState& state_;
  Receiver& next_;
  const ChannelMap* link_;
  EncodedRows* encoded_;
};

// Where the last step's rows go.
class LatentState : public Receiver {
 public:
  LatentState(const PreparedEncoding& prepared, Condition* condition, int most_rows,
              EncodedRows* encoded)
      : base_(prepared.base),
        layout_(prepared.links.back().to),
        condition_(condition),
        x_({layout_.columns(), RowWindow::Stored::kFloat, most_rows}),
        encoded_(encoded) {}

  std::int64_t room() const override { return x_.room(); }
  void append(std::int64_t rows, bool complete) override {
    x_.append(rows, complete);
    x_.release(x_.end());
    condition_->release(x_.end());
  }
  void take_back(std::int64_t rows) override { x_.take_back(rows); }
  RowWindow& x() override { return x_; }
  void enter(const Pieces& pieces, Scratch& /*scratch*/) override {
    const std::int64_t row = pieces.front().row;
    const int rows = pieces.rows;
    encoded_->leave(x_.view(row, rows), layout_, layout_.channels, row);
    for (std::int64_t r = row; r < row + rows; ++r)
      encoded_->log_prob[static_cast<std::size_t>(r)] =
          base_.log_prob(&encoded_->latents[static_cast<std::size_t>(r * encoded_->channels)]);
  }

 private:
  const Base& base_;
  const ChannelLayout layout_;
  Condition* condition_;
  RowWindow x_;
  EncodedRows* encoded_;
};

std::vector<float> lift(const config::ModelConfig& config, const float* audio, std::int64_t rows) {
  const int C = config.lift.channels;
  if (config.lift.kind == config::LiftKind::kMdct) return dsp::Mdct(C).forward(audio, rows);
  return {audio, audio + rows * C};
}

Encoding result_of(EncodedRows rows, std::int64_t frames, int rows_per_frame) {
  Encoding e;
  e.samples = static_cast<std::int64_t>(rows.latents.size());
  e.latents = std::move(rows.latents);
  std::size_t row = 0;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    double nats = 0.0;
    for (int r = 0; r < rows_per_frame; ++r, ++row) {
      nats += rows.log_prob[row] + rows.log_det[row];
      e.log_det += rows.log_det[row];
    }
    e.frame_log_likelihoods.push_back(nats);
    e.log_likelihood += nats;
  }
  if (!std::isfinite(e.log_likelihood))
    throw Error("audio", "has a likelihood under this model that is no finite number");
  return e;
}

}  // namespace

Encoding encode(const PreparedEncoding& prepared, const Mel& mel, const float* audio, int threads,
                int most_frames) {
  const PreparedModel& model = *prepared.model;
  const int bands = model.conditioner.bands, ratio = model.conditioner.rows_per_frame;
  const std::int64_t rows = mel.frames * ratio;
  EncodedRows encoded(prepared, rows);
  RowWindow frames({bands, RowWindow::Stored::kFloat, most_frames, mel_frames_before(model)});
  Condition condition;
  Passes passes(threads, widest_columns(model), most_frames, most_frames * ratio);
  passes.add(conditioner_stages(model, &frames, &condition, most_frames, delay_rows(model)));

  std::vector<std::unique_ptr<StepState>> states;
  for (auto step = model.steps.rbegin(); step != model.steps.rend(); ++step)
    states.push_back(std::make_unique<StepState>(*step, DType::kFloat32, most_frames * ratio));
  LatentState latents(prepared, &condition, most_frames * ratio, &encoded);
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(std::make_unique<LiftedStage>(prepared, lift(model.config, audio, rows),
                                                 &condition, states.front().get(), &encoded));
  for (std::size_t i = 0; i < states.size(); ++i) {
    const bool last = i + 1 == states.size();
    Receiver* next = &latents;
    if (!last) next = states[i + 1].get();
    add_layer_stages(states[i].get(), &condition, next,
                     std::make_unique<CouplingEnd>(
                         states[i].get(), next, last ? nullptr : &prepared.links[i + 1], &encoded),
                     ratio, &stages);
  }
  passes.add(std::move(stages));

  for (std::int64_t done = 0; done < mel.frames;) {
    const std::int64_t piece =
        std::min({mel.frames - done, std::int64_t{most_frames}, frames.room()});
    append_frames(mel.values.data() + done * bands, piece, bands, &frames);
    done += piece;
    passes.run();
  }
  frames.append(0, true);
  while (passes.run()) {
  }
  return result_of(std::move(encoded), mel.frames, ratio);
}

}  // namespace glowvox::engine

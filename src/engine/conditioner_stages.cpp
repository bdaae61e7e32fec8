// SPDX-License-Identifier: MIT
#include "engine/conditioner_stages.hpp"

#include <fmt/format.h>

#include <cmath>

#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

// Frames in, natural log out; and the first features: the frames themselves, or a linear map of the
// log.
class InputStage : public Stage {
 public:
  InputStage(const PreparedConditioner& model, RowWindow* mel, RowWindow* log_mel, RowWindow* first)
      : model_(model), mel_(mel), log_mel_(log_mel), first_(first) {}

  void plan(std::int64_t most_frames) override {
    std::int64_t room = log_mel_->room();
    if (first_ != nullptr) room = std::min(room, first_->room());
    const std::int64_t rows = set_plan(std::min({mel_->end(), end() + room, end() + most_frames}));
    const bool last = mel_->complete() && end() == mel_->end();
    log_mel_->append(rows, last);
    if (first_ == nullptr) return;  // frames are released by who reads them last
    first_->append(rows, last);
    mel_->release(end());
  }

  void took_back(std::int64_t rows) override {
    log_mel_->take_back(rows);
    if (first_ != nullptr) first_->take_back(rows);
  }

  void run(const Pieces& pieces, Scratch& scratch) override {
    for (const Piece& p : pieces) {
      const InputStage& s = of(p);
      const float* from = s.mel_->full(p.row);
      float* to = s.log_mel_->full(p.row);
      const int elements = p.rows * s.mel_->row_elements();
      for (int i = 0; i < elements; ++i) to[i] = model_.natural_log(from[i]);
      if (first_ != nullptr && model_.kind == config::ConditionerKind::kRepeat)
        copy(s.mel_->view(p.row, p.rows), s.mel_->row_elements(), s.first_->target(p.row));
    }
    if (first_ == nullptr || model_.kind == config::ConditionerKind::kRepeat) return;
    const int columns = first_->row_elements();
    RowsView mapped = scratch.wide.rows(pieces.rows, columns);
    run_product(
        model_.input.product, pieces, [](const Piece& p) { return of(p).log_mel_->full(p.row); },
        mapped.data, Write::kReplace, scratch);
    for (const Piece& p : pieces) {
      add_bias(mapped.part(0, p.rows), model_.input.bias.data(), columns,
               of(p).first_->target(p.row));
      mapped = mapped.from(p.rows);
    }
  }

 private:
  static const InputStage& of(const Piece& p) { return static_cast<const InputStage&>(*p.stage); }

  const PreparedConditioner& model_;
  RowWindow *mel_, *log_mel_, *first_;
};

// A residual block: h + second(gelu(first(h))).
class BlockStage : public Stage {
 public:
  BlockStage(const PreparedConditioner::Block& block, std::unique_ptr<RowWindow> in, RowWindow* out)
      : block_(block), in_(std::move(in)), out_(out) {}
  RowWindow* input() { return in_.get(); }
  void set_output(RowWindow* out) { out_ = out; }

  void plan(std::int64_t most_frames) override {
    const std::int64_t rows =
        set_plan(std::min({in_->readable(), end() + out_->room(), end() + most_frames}));
    out_->append(rows, in_->complete() && end() == in_->end());
    in_->release(end());
  }

  void took_back(std::int64_t rows) override { out_->take_back(rows); }

  void run(const Pieces& pieces, Scratch& scratch) override {
    const int columns = in_->row_elements();
    RowsView inner = scratch.wide.rows(pieces.rows, columns);
    const RowsView active = scratch.input.rows(pieces.rows, columns);
    run_product(
        block_.first.product, pieces,
        [this](const Piece& p) { return of(p).in_->full(p.row - block_.context.before); },
        inner.data, Write::kReplace, scratch);
    gelu(inner, block_.first.bias.data(), columns, active);
    block_.second.product.run(active.data, inner.data, pieces.rows);
    for (const Piece& p : pieces) {
      add_bias(inner.part(0, p.rows), block_.second.bias.data(), columns, of(p).out_->target(p.row),
               of(p).in_->view(p.row, p.rows));
      inner = inner.from(p.rows);
    }
  }

 private:
  static const BlockStage& of(const Piece& p) { return static_cast<const BlockStage&>(*p.stage); }

  const PreparedConditioner::Block& block_;
  std::unique_ptr<RowWindow> in_;
  RowWindow* out_;
};

// WaveGlow's transposed convolution: rows_per_frame rows of features for every frame. The stage's
// own rows are frames.
class UpsampleStage : public Stage {
 public:
  UpsampleStage(const PreparedConditioner& model, RowWindow* mel, RowWindow* features)
      : model_(model), mel_(mel), features_(features) {}

  void plan(std::int64_t most_frames) override {
    const int ratio = model_.rows_per_frame;
    const std::int64_t rows =
        set_plan(std::min({mel_->end(), end() + features_->room() / ratio, end() + most_frames}));
    features_->append(rows * ratio, mel_->complete() && end() == mel_->end());
    mel_->release(end());
  }

  void took_back(std::int64_t rows) override { features_->take_back(rows * model_.rows_per_frame); }

  void run(const Pieces& pieces, Scratch& scratch) override {
    const int columns = features_->row_elements(), ratio = model_.rows_per_frame;
    for (int i = 0; i < ratio; ++i) {
      const Affine& phase = model_.phases[static_cast<std::size_t>(i)];
      RowsView rows_of_phase = scratch.wide.rows(pieces.rows, columns);
      run_product(
          phase.product, pieces,
          [this](const Piece& p) { return of(p).mel_->full(p.row - (model_.phase_taps - 1)); },
          rows_of_phase.data, Write::kReplace, scratch);
      for (const Piece& p : pieces) {
        Target to = of(p).features_->target(p.row * ratio + i);
        to.stride *= ratio;
        add_bias(rows_of_phase.part(0, p.rows), phase.bias.data(), columns, to);
        rows_of_phase = rows_of_phase.from(p.rows);
      }
    }
  }

 private:
  static const UpsampleStage& of(const Piece& p) {
    return static_cast<const UpsampleStage&>(*p.stage);
  }

  const PreparedConditioner& model_;
  RowWindow *mel_, *features_;
};

}  // namespace

void check_finite(const float* frames, std::int64_t count, int bands) {
  for (std::int64_t i = 0; i < count * bands; ++i)
    if (!std::isfinite(frames[i]))
      throw Error("mel", fmt::format("value {} of frame {} is not finite", i % bands, i / bands));
}

void append_frames(const float* frames, std::int64_t count, int bands, RowWindow* mel) {
  const std::int64_t row = mel->end();
  mel->append(count, false);
  for (std::int64_t r = 0; r < count; ++r) {
    float* to = mel->full(row + r);
    std::copy_n(frames + r * bands, bands, to);
    std::fill(to + bands, to + mel->row_elements(), 0.0F);
  }
}

int mel_frames_before(const PreparedModel& model) {
  return std::max(0, model.conditioner.phase_taps - 1);
}

std::vector<std::unique_ptr<Stage>> conditioner_stages(const PreparedModel& model, RowWindow* mel,
                                                       Condition* condition, int most_frames,
                                                       int delay_rows) {
  const PreparedConditioner& c = model.conditioner;
  int frames_after = 0;
  for (const auto& block : c.blocks) frames_after += block.context.after;
  const int delay_frames = delay_rows / c.rows_per_frame + 1;
  condition->log_mel = {
      RowWindow({c.bands, RowWindow::Stored::kFloat, most_frames + frames_after + delay_frames}),
      c.rows_per_frame};
  const int capacity = most_frames + delay_frames;
  // Whatever maps them further in float.
  const bool full = c.kind != config::ConditionerKind::kUpsample || model.output.scale_shift;
  const RowWindow::Stored stored = model.dtype == DType::kFloat32 ? RowWindow::Stored::kFloat
                                   : full                         ? RowWindow::Stored::kBoth
                                                                  : RowWindow::Stored::kBfloat16;
  condition->features = {
      RowWindow({c.features, stored, c.per_row ? capacity * c.rows_per_frame : capacity}),
      c.per_row ? 1 : c.rows_per_frame};
  RowWindow *log_mel = &condition->log_mel.rows, *features = &condition->features.rows;

  std::vector<std::unique_ptr<Stage>> stages;
  if (c.per_row) {
    stages.push_back(std::make_unique<InputStage>(c, mel, log_mel, nullptr));
    stages.push_back(std::make_unique<UpsampleStage>(c, mel, features));
    return stages;
  }
  std::vector<std::unique_ptr<BlockStage>> blocks;
  for (const auto& block : c.blocks)
    blocks.push_back(std::make_unique<BlockStage>(
        block,
        std::make_unique<RowWindow>(RowWindow::Options{c.features, RowWindow::Stored::kFloat,
                                                       most_frames + block.context.after,
                                                       block.context.before, block.context.after}),
        features));
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) blocks[i]->set_output(blocks[i + 1]->input());
  stages.push_back(std::make_unique<InputStage>(c, mel, log_mel,
                                                blocks.empty() ? features : blocks[0]->input()));
  for (auto& block : blocks) stages.push_back(std::move(block));
  return stages;
}

}  // namespace glowvox::engine

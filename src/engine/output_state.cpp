// SPDX-License-Identifier: MIT
#include <algorithm>

#include "dsp/mdct.hpp"
#include "engine/step_stages.hpp"

namespace glowvox::engine {

OutputState::OutputState(const PreparedModel& model, Condition* condition, int most_rows,
                         bool skip_alignment)
    : model_(model),
      condition_(condition),
      x_({model.output.layout.columns(), RowWindow::Stored::kFloat, most_rows}),
      blocks_({model.config.lift.channels, RowWindow::Stored::kFloat, most_rows}),
      skip_(skip_alignment ? std::max(0, config::alignment_shift_samples(model.config)) : 0) {
  const int C = model.config.lift.channels;
  if (model.config.lift.kind != config::LiftKind::kMdct) return;
  window_ = dsp::Mdct(C).window();
  tail_.resize(static_cast<std::size_t>(C) / 2);
  tail_before_.resize(tail_.size());
}

void OutputState::append(std::int64_t rows, bool complete) {
  x_.append(rows, complete);
  x_.release(x_.end());
  blocks_.append(rows, complete);
  condition_->release(x_.end());
}

void OutputState::take_back(std::int64_t rows) {
  x_.take_back(rows);
  blocks_.take_back(rows);
}

void OutputState::enter(const Pieces& pieces, Scratch& scratch) {
  const auto of = [](const Piece& p) -> OutputState& {
    return static_cast<OutputState&>(receiver_of(p));
  };
  const PreparedOutput& output = model_.output;
  const int columns = output.layout.columns();
  if (output.scale_shift) {
    RowsView net = scratch.wide.rows(pieces.rows, 2 * columns);
    run_scale_shift(
        output, pieces, [&](const Piece& p) -> Condition& { return *of(p).condition_; }, net,
        scratch);
    for (const Piece& p : pieces) {
      apply_scale_shift(net.part(0, p.rows), output.bias.data(), columns,
                        of(p).x_.view(p.row, p.rows));
      net = net.from(p.rows);
    }
  }
  if (output.transform.out() > 0) {
    run_product_to(
        output.transform, pieces, [&](const Piece& p) { return of(p).x_.full(p.row); },
        [&](const Piece& p) { return of(p).blocks_.full(p.row); }, output.transform.y_row(),
        scratch.wide.floats(), scratch);
    return;
  }
  for (const Piece& p : pieces) of(p).leave_channels(p.row, p.rows);
}

// Samples are the channels themselves.
void OutputState::leave_channels(std::int64_t row, int rows) {
  const ChannelLayout& layout = model_.output.layout;
  for (int r = 0; r < rows; ++r) {
    const float* x = x_.full(row + r);
    float* block = blocks_.full(row + r);
    for (int c = 0; c < layout.channels; ++c) block[c] = x[layout.column_of(c)];
  }
}

// The rotation across the boundary between two blocks (dsp::Mdct), undone: it makes the second half
// of the block before and the first half of this one final.
void OutputState::collect_row(std::int64_t row, std::vector<float>* samples) {
  const float* block = blocks_.full(row);
  const std::size_t half = tail_.size();
  if (half == 0) {
    samples->insert(samples->end(), block, block + model_.config.lift.channels);
    return;
  }
  const std::size_t start = samples->size();
  const bool first = row == 0;
  samples->resize(start + (first ? half : 2 * half));
  float* out = samples->data() + start;
  if (first) {
    std::copy(block, block + half, out);
  } else {
    for (std::size_t i = 0; i < half; ++i) {
      const float c = window_[half + i];
      const float s = window_[half - 1 - i];
      const float before = tail_[half - 1 - i], after = block[i];
      out[half - 1 - i] = c * before - s * after;
      out[half + i] = c * after + s * before;
    }
  }
  std::copy(block + half, block + 2 * half, tail_.begin());
}

// The same rotation of a boundary whose second block is still missing.
void OutputState::look_ahead(std::vector<float>* ahead) const {
  const std::size_t half = tail_.size(), start = ahead->size();
  ahead->resize(start + 2 * half);
  float* out = ahead->data() + start;
  for (std::size_t i = 0; i < half; ++i) {
    const float before = tail_[half - 1 - i];
    out[half - 1 - i] = window_[half + i] * before;
    out[half + i] = window_[half - 1 - i] * before;
  }
}

// Leaves out samples from `start` on that come before sample 0.
void OutputState::skip(std::size_t start, std::vector<float>* samples) {
  const auto skipped =
      std::min<std::int64_t>(skip_, static_cast<std::int64_t>(samples->size() - start));
  const auto from = samples->begin() + static_cast<std::ptrdiff_t>(start);
  samples->erase(from, from + skipped);
  skip_ -= skipped;
}

void OutputState::collect(FlowOutput* made, bool drawn) {
  std::vector<float>& samples = made->samples;
  for (const std::int64_t end = blocks_.end() - (drawn ? 1 : 0); collected_ < end; ++collected_) {
    const std::size_t start = samples.size();
    collect_row(collected_, &samples);
    skip(start, &samples);
    if (tail_.empty() || skip_ > 0) continue;
    made->ends.push_back(samples.size());
    tail_before_ = tail_;
    if (drawn) collect_row(collected_ + 1, &made->ahead);
    look_ahead(&made->ahead);
    tail_.swap(tail_before_);
  }
  blocks_.release(collected_);
  if (!blocks_.complete() || finished_) return;
  const std::size_t start = samples.size();
  if (collected_ > 0) samples.insert(samples.end(), tail_.begin(), tail_.end());
  skip(start, &samples);
  finished_ = true;
}

}  // namespace glowvox::engine

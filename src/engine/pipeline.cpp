// SPDX-License-Identifier: MIT
#include "engine/pipeline.hpp"

#include <algorithm>

#include "glowvox/error.hpp"

namespace glowvox::engine {

bool Pipeline::can_draw_next(const PreparedModel& model) {
  const config::ModelConfig& config = model.config;
  return config.lift.kind == config::LiftKind::kMdct && model.conditioner.rows_per_frame == 1 &&
         config::reach_of(config).future_samples == 0 && config.mel.log != MelLog::kNone;
}

Pipeline::Pipeline(std::shared_ptr<const PreparedModel> model, const Latent& latent, int threads,
                   int most_frames, bool skip_alignment, bool draws_next)
    : model_(std::move(model)),
      draws_next_(draws_next),
      next_frame_(model_->config.mel),
      most_frames_(draws_next ? 2 : most_frames),
      mel_({model_->conditioner.bands, RowWindow::Stored::kFloat, most_frames_,
            mel_frames_before(*model_)}),
      output_(*model_, &condition_, most_frames_ * model_->conditioner.rows_per_frame,
              skip_alignment),
      passes_(threads, widest_columns(*model_), most_frames_,
              most_frames_ * model_->conditioner.rows_per_frame) {
  const int most_rows = most_frames_ * model_->conditioner.rows_per_frame;
  if (draws_next) guessed_.resize(static_cast<std::size_t>(model_->conditioner.bands));
  newest_.reserve(guessed_.size());
  passes_.add(conditioner_stages(*model_, &mel_, &condition_, most_frames_, delay_rows(*model_)));
  FlowStages flow = flow_stages(*model_, latent, &condition_, &output_, most_rows);
  states_ = std::move(flow.states);
  passes_.add(std::move(flow.stages));
  const auto most = static_cast<std::size_t>(most_frames * model_->conditioner.rows_per_frame + 1);
  made_.samples.reserve(most * static_cast<std::size_t>(model_->config.lift.channels));
  if (model_->config.lift.kind != config::LiftKind::kMdct) return;
  made_.ends.reserve(most);
  made_.ahead.reserve(made_.samples.capacity() * (draws_next ? 2 : 1));
}

bool Pipeline::pass() {
  const bool any = passes_.run();
  collect();
  return any;
}

const FlowOutput& Pipeline::collect() {
  output_.collect(&made_, drawn_);
  if (drawn_) {
    mel_.take_back(1);
    for (const auto& stage : passes_.stages()) stage->take_back(1);
    drawn_ = false;
  }
  return made_;
}

void Pipeline::append(const float* frames, std::int64_t count) {
  const int bands = model_->conditioner.bands;
  append_frames(frames, count, bands, &mel_);
  if (!draws_next_ || count == 0) return;
  next_frame_(newest_.empty() ? frames : newest_.data(), frames, guessed_.data());
  append_frames(guessed_.data(), 1, bands, &mel_);
  newest_.assign(frames, frames + bands);
  drawn_ = true;
}

void Pipeline::begin(const float* frames, std::int64_t count) {
  made_.clear();
  append(frames, count);
}

void Pipeline::begin_end() {
  made_.clear();
  finished_ = true;
  mel_.append(0, true);
}

const FlowOutput& Pipeline::push(const float* frames, std::int64_t count) {
  if (finished_) throw Error("stream", "it has been finished", "start another one");
  const int bands = model_->conditioner.bands;
  const std::int64_t most = draws_next_ ? 1 : most_frames_;
  check_finite(frames, count, bands);
  made_.clear();
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t piece = std::min({count - done, most, mel_.room()});
    append(frames + done * bands, piece);
    done += piece;
    pass();
  }
  return made_;
}

const FlowOutput& Pipeline::finish() {
  if (finished_) {
    made_.clear();
    return made_;
  }
  begin_end();
  while (pass()) {
  }
  return made_;
}

}  // namespace glowvox::engine

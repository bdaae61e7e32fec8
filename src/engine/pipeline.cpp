// SPDX-License-Identifier: MIT
#include "engine/pipeline.hpp"

#include <algorithm>

#include "glowvox/error.hpp"

namespace glowvox::engine {

Pipeline::Pipeline(std::shared_ptr<const PreparedModel> model, const Latent& latent, int threads,
                   int most_frames, bool skip_alignment)
    : model_(std::move(model)),
      most_frames_(most_frames),
      mel_({model_->conditioner.bands, RowWindow::Stored::kFloat, most_frames,
            mel_frames_before(*model_)}),
      output_(*model_, &condition_, most_frames * model_->conditioner.rows_per_frame,
              skip_alignment),
      passes_(threads, widest_columns(*model_), most_frames,
              most_frames * model_->conditioner.rows_per_frame) {
  const int most_rows = most_frames * model_->conditioner.rows_per_frame;
  passes_.add(conditioner_stages(*model_, &mel_, &condition_, most_frames, delay_rows(*model_)));
  FlowStages flow = flow_stages(*model_, latent, &condition_, &output_, most_rows);
  states_ = std::move(flow.states);
  passes_.add(std::move(flow.stages));
  const auto most = static_cast<std::size_t>(most_rows + 1);
  made_.samples.reserve(most * static_cast<std::size_t>(model_->config.lift.channels));
  if (model_->config.lift.kind != config::LiftKind::kMdct) return;
  made_.ends.reserve(most);
  made_.ahead.reserve(made_.samples.capacity());
}

bool Pipeline::pass() {
  const bool any = passes_.run();
  collect();
  return any;
}

const FlowOutput& Pipeline::collect() {
  output_.collect(&made_);
  return made_;
}

void Pipeline::begin(const float* frames, std::int64_t count) {
  made_.clear();
  append_frames(frames, count, model_->conditioner.bands, &mel_);
}

void Pipeline::begin_end() {
  made_.clear();
  finished_ = true;
  mel_.append(0, true);
}

const FlowOutput& Pipeline::push(const float* frames, std::int64_t count) {
  if (finished_) throw Error("stream", "it has been finished", "start another one");
  const int bands = model_->conditioner.bands;
  check_finite(frames, count, bands);
  made_.clear();
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t piece = std::min({count - done, std::int64_t{most_frames_}, mel_.room()});
    append_frames(frames + done * bands, piece, bands, &mel_);
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

#include "engine/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {
// Shares are multiples of what the products' kernels do well.
constexpr int kShareRows = 8;
}  // namespace

Pipeline::Pipeline(std::shared_ptr<const PreparedModel> model, const Latent& latent, int threads,
                   int most_frames, bool skip_alignment)
    : model_(std::move(model)),
      most_frames_(most_frames),
      mel_({model_->conditioner.bands, true, false, mel_frames_before(*model_), 0,
            most_frames}),
      output_(*model_, &condition_, most_frames * model_->conditioner.rows_per_frame,
              skip_alignment),
      work_([this](int thread) { work(thread); }),
      team_(threads) {
  const int most_rows = most_frames * model_->conditioner.rows_per_frame;
  stages_ = conditioner_stages(*model_, &mel_, &condition_, most_frames, delay_rows(*model_));
  FlowStages flow = flow_stages(*model_, latent, &condition_, &output_, most_rows);
  states_ = std::move(flow.states);
  for (auto& stage : flow.stages) stages_.push_back(std::move(stage));
  for (int thread = 0; thread < threads; ++thread) scratch_.emplace_back(widest_columns(*model_));
  samples_.reserve(static_cast<std::size_t>(most_rows + 1) * model_->config.lift.channels);
}

// Every thread takes a share of each stage's rows.
void Pipeline::work(int thread) {
  Scratch& scratch = scratch_[static_cast<std::size_t>(thread)];
  for (const auto& stage : stages_) {
    const std::int64_t rows = stage->end() - stage->begin();
    const auto start = [&](int t) {
      const std::int64_t whole = rows * t / team_.size() / kShareRows * kShareRows;
      return stage->begin() + (t == team_.size() ? rows : whole);
    };
    stage->run(start(thread), start(thread + 1), scratch);
    team_.barrier();
  }
}

bool Pipeline::pass() {
  std::int64_t rows = 0;
  for (const auto& stage : stages_) {
    stage->plan(most_frames_);
    rows += stage->end() - stage->begin();
  }
  if (rows > 0) team_.run(work_);
  output_.collect(&samples_);
  return rows > 0;
}

const std::vector<float>& Pipeline::push(const float* frames, std::int64_t count) {
  if (finished_) throw Error("stream", "it has been finished", "start another one");
  const int bands = model_->conditioner.bands;
  for (std::int64_t i = 0; i < count * bands; ++i)
    if (!std::isfinite(frames[i]))
      throw Error("mel", fmt::format("value {} of frame {} is not finite", i % bands, i / bands));
  samples_.clear();
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t piece =
        std::min({count - done, std::int64_t{most_frames_}, mel_.room()});
    const std::int64_t row = mel_.end();
    mel_.append(piece, false);
    for (std::int64_t r = 0; r < piece; ++r) {
      float* to = mel_.full(row + r);
      std::copy_n(frames + (done + r) * bands, bands, to);
      std::fill(to + bands, to + mel_.row_elements(), 0.0F);
    }
    done += piece;
    pass();
  }
  return samples_;
}

const std::vector<float>& Pipeline::finish() {
  samples_.clear();
  if (finished_) return samples_;
  finished_ = true;
  mel_.append(0, true);
  while (pass()) {
  }
  return samples_;
}

}  // namespace glowvox::engine

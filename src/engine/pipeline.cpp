// SPDX-License-Identifier: MIT
#include "engine/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

constexpr int kTileStep = 8;        // what the products' kernels do well
constexpr int kSmallestShare = 16;  // rows that are worth another thread
constexpr int kTilesPerThread = 2;  // so that nobody waits long for the last one

// About equal tiles, enough of them for the threads.
int tile_rows(std::int64_t rows, int threads) {
  std::int64_t tiles = (rows + kTileRows - 1) / kTileRows;
  if (threads > 1)
    tiles =
        std::max(tiles, std::min<std::int64_t>(kTilesPerThread * threads, rows / kSmallestShare));
  if (tiles == 0) return kTileRows;
  const std::int64_t share = (rows + tiles - 1) / tiles;
  return static_cast<int>((share + kTileStep - 1) / kTileStep * kTileStep);
}

}  // namespace

Pipeline::Pipeline(std::shared_ptr<const PreparedModel> model, const Latent& latent, int threads,
                   int most_frames, bool skip_alignment)
    : model_(std::move(model)),
      most_frames_(most_frames),
      mel_({model_->conditioner.bands, true, false, mel_frames_before(*model_), 0, most_frames}),
      output_(*model_, &condition_, most_frames * model_->conditioner.rows_per_frame,
              skip_alignment),
      work_([this](int stage, int tile, int thread) { run_tile(stage, tile, thread); }),
      team_(threads) {
  const int most_rows = most_frames * model_->conditioner.rows_per_frame;
  stages_ = conditioner_stages(*model_, &mel_, &condition_, most_frames, delay_rows(*model_));
  FlowStages flow = flow_stages(*model_, latent, &condition_, &output_, most_rows);
  states_ = std::move(flow.states);
  for (auto& stage : flow.stages) stages_.push_back(std::move(stage));
  tile_rows_.resize(stages_.size());
  tiles_.resize(stages_.size());
  for (int thread = 0; thread < threads; ++thread) scratch_.emplace_back(widest_columns(*model_));
  samples_.reserve(static_cast<std::size_t>(most_rows + 1) * model_->config.lift.channels);
}

void Pipeline::run_tile(int stage, int tile, int thread) {
  const auto at = static_cast<std::size_t>(stage);
  const std::int64_t row = stages_[at]->begin() + std::int64_t{tile} * tile_rows_[at];
  const auto rows = std::min<std::int64_t>(tile_rows_[at], stages_[at]->end() - row);
  stages_[at]->run(row, static_cast<int>(rows), scratch_[static_cast<std::size_t>(thread)]);
}

bool Pipeline::pass() {
  bool any = false;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    stages_[i]->plan(most_frames_);
    const std::int64_t rows = stages_[i]->end() - stages_[i]->begin();
    tile_rows_[i] = tile_rows(rows, team_.size());
    tiles_[i] = static_cast<int>((rows + tile_rows_[i] - 1) / tile_rows_[i]);
    any = any || rows > 0;
  }
  if (any) team_.run(tiles_, work_);
  output_.collect(&samples_);
  return any;
}

const std::vector<float>& Pipeline::push(const float* frames, std::int64_t count) {
  if (finished_) throw Error("stream", "it has been finished", "start another one");
  const int bands = model_->conditioner.bands;
  for (std::int64_t i = 0; i < count * bands; ++i)
    if (!std::isfinite(frames[i]))
      throw Error("mel", fmt::format("value {} of frame {} is not finite", i % bands, i / bands));
  samples_.clear();
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t piece = std::min({count - done, std::int64_t{most_frames_}, mel_.room()});
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

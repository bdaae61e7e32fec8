// SPDX-License-Identifier: MIT
#include "engine/passes.hpp"

#include <algorithm>

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

Passes::Passes(int threads, int scratch_columns, int most_frames, int most_rows)
    : most_frames_(most_frames),
      work_([this](int stage, int tile, int thread) { run_tile(stage, tile, thread); }),
      team_(std::max(1, threads)) {
  for (int thread = 0; thread < threads; ++thread)
    scratch_.emplace_back(scratch_columns, std::min(kTileRows, most_rows));
}

void Passes::add(std::vector<std::unique_ptr<Stage>> stages) {
  for (auto& stage : stages) stages_.push_back(std::move(stage));
  tile_rows_.resize(stages_.size());
  tiles_.resize(stages_.size());
}

void Passes::run_tile(int stage, int tile, int thread) {
  const auto at = static_cast<std::size_t>(stage);
  const std::int64_t row = stages_[at]->begin() + std::int64_t{tile} * tile_rows_[at];
  const auto rows = std::min<std::int64_t>(tile_rows_[at], stages_[at]->end() - row);
  stages_[at]->run(row, static_cast<int>(rows), scratch_[static_cast<std::size_t>(thread)]);
}

bool Passes::plan() {
  bool any = false;
  for (const auto& stage : stages_) {
    stage->plan(most_frames_);
    any = any || stage->end() > stage->begin();
  }
  return any;
}

bool Passes::run() {
  if (!plan()) return false;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const std::int64_t rows = stages_[i]->end() - stages_[i]->begin();
    tile_rows_[i] = tile_rows(rows, team_.size());
    tiles_[i] = static_cast<int>((rows + tile_rows_[i] - 1) / tile_rows_[i]);
  }
  team_.run(tiles_, work_);
  return true;
}

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
#include "engine/together.hpp"

#include <algorithm>

namespace glowvox::engine {

namespace {

// A stage of all passes, which are planned: their rows in about equal tiles.
void run_stage(const std::vector<Passes*>& passes, std::size_t stage, std::vector<Piece>* pieces,
               Scratch& scratch) {
  std::int64_t all = 0;
  for (const Passes* p : passes) all += p->stages()[stage]->end() - p->stages()[stage]->begin();
  if (all == 0) return;
  const std::int64_t tiles = (all + kTileRows - 1) / kTileRows;
  const auto tile = static_cast<int>((all + tiles - 1) / tiles);
  int rows = 0;
  const auto run = [&] {
    if (rows == 0) return;
    pieces->front().stage->run({pieces->data(), static_cast<int>(pieces->size()), rows}, scratch);
    pieces->clear();
    rows = 0;
  };
  for (const Passes* p : passes) {
    Stage* of = p->stages()[stage].get();
    for (std::int64_t row = of->begin(); row < of->end();) {
      const auto take = static_cast<int>(std::min<std::int64_t>(tile - rows, of->end() - row));
      pieces->push_back({of, row, take});
      rows += take;
      row += take;
      if (rows == tile) run();
    }
  }
  run();
}

}  // namespace

Together::Worker::Worker(const PreparedModel& model, std::size_t most)
    : scratch(widest_columns(model), kTileRows, gathered_bytes(model)) {
  passes.reserve(most);
  pieces.reserve(kTileRows);
}

Together::Together(const PreparedModel& model, int threads, std::size_t most)
    : parts_(1),
      work_([this](int /*stage*/, int part, int /*thread*/) {
        run_part(part, workers_[static_cast<std::size_t>(part)]);
      }),
      team_(threads) {
  for (int thread = 0; thread < threads; ++thread) workers_.emplace_back(model, most);
}

void Together::run(const std::vector<Member*>& members) {
  members_ = &members;
  parts_[0] = static_cast<int>(std::min(members.size(), workers_.size()));
  team_.run(parts_, work_);
}

void Together::run_part(int part, Worker& worker) {
  const std::size_t count = members_->size(), parts = static_cast<std::size_t>(parts_[0]);
  const std::size_t begin = count * static_cast<std::size_t>(part) / parts,
                    end = count * static_cast<std::size_t>(part + 1) / parts;
  worker.passes.clear();
  for (std::size_t i = begin; i < end; ++i) {
    (*members_)[i]->before();
    worker.passes.push_back(&(*members_)[i]->pipeline().passes());
    worker.passes.back()->plan();
  }
  for (std::size_t stage = 0; stage < worker.passes.front()->stages().size(); ++stage)
    run_stage(worker.passes, stage, &worker.pieces, worker.scratch);
  for (std::size_t i = begin; i < end; ++i) (*members_)[i]->after(worker.scratch);
}

const FlowOutput& run_to_end(Pipeline& pipeline, Scratch& scratch) {
  while (pipeline.passes().plan()) {
    for (const auto& stage : pipeline.passes().stages())
      for (std::int64_t row = stage->begin(); row < stage->end(); row += kTileRows)
        stage->run(row, static_cast<int>(std::min<std::int64_t>(kTileRows, stage->end() - row)),
                   scratch);
    pipeline.collect();
  }
  return pipeline.collect();
}

}  // namespace glowvox::engine

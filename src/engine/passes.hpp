// SPDX-License-Identifier: MIT
// Stages, run pass after pass by a team of threads.
#pragma once

#include <memory>
#include <vector>

#include "core/thread_team.hpp"
#include "engine/stage.hpp"

namespace glowvox::engine {

class Passes {
 public:
  // scratch_columns: the widest row between two products; most_frames: of a pass, and most_rows of
  // its stages. threads 0: passes are planned here and run by somebody else (Together).
  Passes(int threads, int scratch_columns, int most_frames, int most_rows);
  // Behind those that there are.
  void add(std::vector<std::unique_ptr<Stage>> stages);
  // One pass; whether any stage had rows to make.
  bool run();
  bool plan();  // its first half
  const std::vector<std::unique_ptr<Stage>>& stages() const { return stages_; }
  ThreadTeam& team() { return team_; }

 private:
  void run_tile(int stage, int tile, int thread);

  int most_frames_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::vector<Scratch> scratch_;        // of each thread
  std::vector<int> tile_rows_, tiles_;  // of every stage in this pass
  ThreadTeam::Work work_;
  ThreadTeam team_;
};

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
// A stream's memory and its passes from mel frames to samples.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/thread_team.hpp"
#include "engine/conditioner_stages.hpp"
#include "engine/prepared.hpp"
#include "engine/step_stages.hpp"

namespace glowvox::engine {

class Pipeline {
 public:
  Pipeline(std::shared_ptr<const PreparedModel> model, const Latent& latent, int threads,
           int most_frames, bool skip_alignment);

  // Each returns samples that stay until the next call.
  const std::vector<float>& push(const float* frames, std::int64_t count);
  const std::vector<float>& finish();

 private:
  bool pass();
  void run_tile(int stage, int tile, int thread);

  std::shared_ptr<const PreparedModel> model_;
  int most_frames_;
  Rows mel_;
  Condition condition_;
  OutputState output_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::vector<std::unique_ptr<StepState>> states_;
  std::vector<Scratch> scratch_;  // of each thread
  std::vector<float> samples_;
  bool finished_ = false;
  std::vector<int> tile_rows_, tiles_;  // of every stage in this pass
  ThreadTeam::Work work_;
  ThreadTeam team_;
};

}  // namespace glowvox::engine

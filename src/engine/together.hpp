// SPDX-License-Identifier: MIT
// Passes of many streams of a model, their rows in the same products.
#pragma once

#include <vector>

#include "core/thread_team.hpp"
#include "engine/pipeline.hpp"
#include "engine/prepared.hpp"

namespace glowvox::engine {

// The streams of a step are shared out to the threads, each of which takes its own through the
// whole model: nobody waits for anybody between the stages, and every thread reads the weights
// once. What a product takes is gathered from the streams' windows (a hundredth of what multiplying
// it takes), so that a stream's memory is its own and streams come and go as they like. Rows are
// multiplied alike whatever rows are beside them (Product): a stream's samples are those that it
// has alone.
class Together {
 public:
  // What a step does to a stream.
  class Member {
   public:
    virtual ~Member() = default;
    virtual Pipeline& pipeline() = 0;
    // Before the pass, and after it; from one of the threads. Neither may throw.
    virtual void before() = 0;
    virtual void after(Scratch& scratch) = 0;
  };

  // most: members of a step; more of them need more memory.
  Together(const PreparedModel& model, int threads, std::size_t most);
  int threads() const { return team_.size(); }
  // One pass of each.
  void run(const std::vector<Member*>& members);

 private:
  struct Worker {
    Worker(const PreparedModel& model, std::size_t most);
    Scratch scratch;
    std::vector<Passes*> passes;
    std::vector<Piece> pieces;
  };
  void run_part(int part, Worker& worker);

  std::vector<Worker> workers_;
  const std::vector<Member*>* members_ = nullptr;
  std::vector<int> parts_;
  ThreadTeam::Work work_;
  ThreadTeam team_;
};

// The passes that remain once the mel has ended, of one stream; what it made since
// Pipeline::begin_end.
const FlowOutput& run_to_end(Pipeline& pipeline, Scratch& scratch);

}  // namespace glowvox::engine

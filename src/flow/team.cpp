// SPDX-License-Identifier: MIT
#include "flow/team.hpp"

#include <ATen/Parallel.h>

#include <memory>
#include <mutex>

namespace glowvox::flow {

int team_size() { return at::get_num_threads(); }

void run_stages(const std::vector<int>& pieces, const ThreadTeam::Work& work) {
  static std::mutex mutex;
  static std::unique_ptr<ThreadTeam> team;
  const std::lock_guard<std::mutex> lock(mutex);
  if (team == nullptr || team->size() != team_size())
    team = std::make_unique<ThreadTeam>(team_size());
  team->run(pieces, work);
}

}  // namespace glowvox::flow

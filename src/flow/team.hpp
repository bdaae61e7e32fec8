// SPDX-License-Identifier: MIT
// The threads that the flow's own loops on CPUs share, as many as LibTorch uses.
#pragma once

#include <vector>

#include "core/thread_team.hpp"

namespace glowvox::flow {

// Does the pieces of one stage after the other (ThreadTeam::run). One caller at a time: others
// wait.
void run_stages(const std::vector<int>& pieces, const ThreadTeam::Work& work);
int team_size();

}  // namespace glowvox::flow

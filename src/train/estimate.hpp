// SPDX-License-Identifier: MIT
// What a step will take, before the run starts.
#pragma once

#include "train/trainer.hpp"

namespace glowvox::train {

struct Estimate {
  double seconds_per_step = 0.0;
  // Of this process, in bytes: what it has now (libraries, weights); gradients and moments, which
  // come with the first step; what a pass holds at its peak beyond them; the decoded recordings.
  double present_bytes = 0.0, state_bytes = 0.0, pass_bytes = 0.0, corpus_bytes = 0.0;
  double available_bytes = 0.0;  // of the machine, now; 0: unknown
  double bytes() const { return present_bytes + state_bytes + pass_bytes + corpus_bytes; }
};

// Runs passes over one and a few segments, forward and backward, and extends the line through them
// to a pass of the run; the weights stay as they are. On a GPU the seconds alone.
Estimate estimate(Trainer& trainer);

// "1.9 GB", "350 MB".
std::string readable_bytes(double bytes);

}  // namespace glowvox::train

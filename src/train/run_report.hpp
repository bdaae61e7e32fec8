// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "train/run.hpp"
#include "train/run_log.hpp"

namespace glowvox::train {

// What report.html of a run is made of. The model in the trainer says the clips.
struct RunReport {
  const RunOptions& options;
  Trainer& trainer;
  const Corpus* valid;  // null: none
  RunLog& log;
  std::string state;  // "running", "finished", "interrupted"
};

// Writes OUT/report.html atomically: curves, the likelihood by frequency band, skipped steps,
// held-out clips beside their synthesis, configuration and machine. The clips go to TensorBoard
// too, where that is on.
void write_run_report(const RunReport& report);

}  // namespace glowvox::train

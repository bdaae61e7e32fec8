// SPDX-License-Identifier: MIT
// A whole run: folder, schedule, held-out likelihood, checkpoints, report, messages.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "train/estimate.hpp"
#include "train/run_options.hpp"
#include "train/trainer.hpp"

namespace glowvox::train {

struct RunSummary {
  Progress progress;
  double train_nats_per_sample = 0.0;  // mean of the last steps
  std::optional<Validation> before, after;
  double seconds_per_step = 0.0;  // of this sitting
  double peak_bytes = 0.0;        // of this process, as the system counts
  Estimate estimate;
  std::string model_path;
  bool bf16 = false;  // products
  bool interrupted = false;
};

// Runs until the end or until `stop` is set on any rank; either way checkpoint and model are
// written, by rank 0. A checkpoint that cannot be written on the way is said and tried again later.
RunSummary run(const RunOptions& options, const std::atomic<bool>& stop, const Notify& notify);

// The trainer of a run as it would start, for a look before it does.
std::unique_ptr<Trainer> make_trainer(const RunOptions& options, const Notify& notify);

}  // namespace glowvox::train

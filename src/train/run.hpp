// SPDX-License-Identifier: MIT
// A whole run: folder, schedule, held-out likelihood, checkpoints, report, messages.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "config/model_config.hpp"
#include "train/corpus.hpp"
#include "train/estimate.hpp"
#include "train/trainer.hpp"

namespace glowvox::train {

struct RunOptions {
  config::ModelConfig config;
  DataOptions data;
  std::string valid;       // list, folder or packed corpus; empty: no held-out likelihood
  std::string out;         // folder, made if need be
  std::string init_from;   // model file; empty: fresh weights
  bool resume = false;     // continue from the newest good checkpoint in out, if there is one
  std::int64_t steps = 0;  // length of the run; 0: by minutes
  double minutes = 0.0;
  std::int64_t valid_every = 500;  // steps; 0: at the start and the end only
  double checkpoint_minutes = 3.0;
  std::int64_t checkpoint_steps = 0;  // 0: by minutes alone
  int keep = 3;                       // newest checkpoints; the best stays as well
  std::uint64_t seed = 1;
  bool half = false;
  bool tensorboard = false;
  std::string device = "cpu";  // "cuda": each rank its own
  Products products = Products::kFaster;
  std::optional<RankPlace> place;  // nothing: one process
};

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

// A whole run: folder, schedule, held-out likelihood, checkpoints, messages.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "format/config.hpp"
#include "train/corpus.hpp"
#include "train/trainer.hpp"

namespace glowvox::train {

struct RunOptions {
  format::ModelConfig config;
  std::string data;        // list or folder
  std::string valid;       // list or folder; empty: no held-out likelihood
  std::string out;         // folder, made if need be
  std::string init_from;   // model file; empty: fresh weights
  bool resume = false;     // continue from out/checkpoint.safetensors
  std::int64_t steps = 0;  // length of the run; 0: by minutes
  double minutes = 0.0;
  std::int64_t valid_every = 500;  // steps; 0: at the start and the end only
  double checkpoint_minutes = 3.0;
  std::uint64_t seed = 1;
  bool half = false;
};

struct RunSummary {
  Progress progress;
  double train_nats_per_sample = 0.0;  // mean of the last steps
  std::optional<Validation> before, after;
  double seconds_per_step = 0.0;  // of this sitting
  std::string model_path;
  bool interrupted = false;
};

// Runs until the end or until `stop` is set; either way the checkpoint and the model are written.
RunSummary run(const RunOptions& options, const std::atomic<bool>& stop, const Notify& notify);

}  // namespace glowvox::train

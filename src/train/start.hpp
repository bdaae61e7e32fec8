// SPDX-License-Identifier: MIT
// glowvox train: a run as its command line says it.
#pragma once

#include <string>
#include <vector>

#include "train/run_options.hpp"

namespace glowvox::train {

struct TrainOptions {
  std::string config;             // a file, which run.config is read from
  std::vector<std::string> data;  // see parse_weighted_path
  RunOptions run;
  // What replaces the configuration's own; 0, or a negative tempering: nothing.
  int batch = 0, accumulate = 0;
  double rate = 0.0, tempering = -1.0;
  bool recompute = false, float32 = false, bf16 = false;
  int threads = 0;        // 0: all cores, shared by the ranks of a machine
  int ranks = 1;          // to start on this machine
  int rank_timeout = 40;  // seconds
  bool json = false, dry_run = false;
  std::vector<std::string> arguments;  // the command line, to start further ranks with
};

// Trains, or with dry_run looks and tries one step, and prints what came of it. Exit status: 130
// after Ctrl-C. Throws UsageError for options that do not belong together.
int start(TrainOptions options);

}  // namespace glowvox::train

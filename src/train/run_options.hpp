// SPDX-License-Identifier: MIT
// A run as it is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/model_config.hpp"
#include "train/data.hpp"
#include "train/rank_place.hpp"

namespace glowvox::train {

// What the nets' matrix products take; mixing and likelihood stay in float.
enum class Products {
  // bfloat16 where the configuration allows it and, on a CPU, a pass is measured to be faster so. A
  // run that goes on stays with what it began with.
  kFaster,
  kFloat32,
  kBfloat16,
};

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

}  // namespace glowvox::train

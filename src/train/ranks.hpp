// SPDX-License-Identifier: MIT
// Processes, on one machine or several, that train one model together.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "train/rank_place.hpp"

// Whether this LibTorch has Gloo, and its headers.
#if defined(USE_C10D_GLOO) && __has_include(<gloo/context.h>)
#define GLOWVOX_RANKS 1
#endif

namespace glowvox::train {

// The group of all ranks, over LibTorch's c10d: Gloo, or NCCL for CUDA where LibTorch has it. Every
// rank has to make the same calls in the same order; each throws Error when another rank ended or
// does not answer. With one rank nothing is sent.
class Ranks {
 public:
  Ranks();  // one rank
  // Meets the others; throws Error when they do not come within five minutes.
  Ranks(const RankPlace& place, const torch::Device& device);
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  const RankPlace& place() const { return place_; }
  int rank() const { return place_.rank; }
  int count() const { return place_.ranks; }
  bool leads() const { return place_.rank == 0; }

  // The parameters whose gradients backward() averages.
  void share_gradients(const std::vector<torch::Tensor>& parameters);
  // loss.backward(); with `average`, the gradients, those of earlier passes included, are the mean
  // over all ranks afterwards (see GradientBuckets).
  void backward(const torch::Tensor& loss, bool average);

  // The sum over the ranks of each value.
  std::vector<double> sum(const std::vector<double>& values);
  // Rank 0's values, in place.
  void broadcast(const std::vector<torch::Tensor>& tensors);
  // Until every rank is here, for as long as they live: before and after work that one rank does
  // alone.
  void wait_for_all();

 private:
  struct Group;
  RankPlace place_;
  std::unique_ptr<Group> group_;  // null: one rank
};

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
// Gradients on their way to other ranks while the backward pass goes on.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <vector>

namespace glowvox::train {

// Packs gradients into buckets of a few megabytes, in the reverse of the parameters' order, which
// is about the order in which a backward pass finishes them. A bucket leaves as soon as it and
// those before it are complete, so that all ranks send the same buckets in the same order. (What
// c10d's Reducer does, which cannot be had from C++ everywhere: Debian leaves out headers that it
// needs.)
class GradientBuckets {
 public:
  // Starts to replace a tensor by its sum over the ranks; what it returns waits for the end.
  using Wait = std::function<void()>;
  using Send = std::function<Wait(torch::Tensor)>;
  GradientBuckets(const std::vector<torch::Tensor>& parameters, int ranks, Send send);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  // The backward pass that comes next sends; without it gradients stay on this rank and add up.
  void begin();
  // After that pass: waits, and leaves the mean over the ranks in every gradient. A parameter
  // without one counts as zero.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;  // the hooks' as well, which outlive a pass
};

}  // namespace glowvox::train

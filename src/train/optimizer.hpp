// SPDX-License-Identifier: MIT
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "config/model_config.hpp"

namespace glowvox::train {

using torch::Tensor;

// Adam (Kingma, Ba 2015) or AdamW (Loshchilov, Hutter 2019) and an exponential moving average of
// the weights, in one pass over memory: at these sizes a step of the optimizer is bound by it.
class Optimizer {
 public:
  struct Slot {
    std::string name;
    Tensor weight, m, v, average;
  };
  Optimizer(const torch::nn::Module& model, const config::TrainConfig& config);

  // L2 over all gradients, NaN or infinite where one is: [] of doubles on their device, which is
  // not waited for.
  Tensor gradient_norm() const;
  // One update with every gradient multiplied by grad_scale; step counts from 0.
  void step(std::int64_t step, double rate, double grad_scale);
  void zero_grad();
  // Exchanges weights and averages; call twice to restore. No-op when averaging is off.
  void swap_averages();
  void restart_averages();  // from the present weights
  std::vector<Slot>& slots() { return slots_; }
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  config::TrainConfig config_;
  std::vector<Slot> slots_;
};

}  // namespace glowvox::train

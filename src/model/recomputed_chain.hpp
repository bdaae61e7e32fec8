// SPDX-License-Identifier: MIT
// The flow's steps with activation memory for one of them.
#pragma once

#include <memory>
#include <vector>

#include "flow/layer.hpp"

namespace glowvox::model {

using torch::Tensor;
enum class Direction;

// Steps of layers whose backward pass keeps no activations: it takes a step's output, computes its
// input by walking the step the other way, and from that the activations again (Gomez, Ren,
// Urtasun, Grosse, "The Reversible Residual Network", 2017). One chain walks in one direction;
// every step must be walked back exactly once, which one backward pass over the sum of all outputs
// does.
class RecomputedChain {
 public:
  explicit RecomputedChain(const flow::Condition& condition);
  // z and log-dets of one step, x [T, B, C]. early [T, B, E]: the channels that left between the
  // step before and this one; undefined when none did.
  flow::Output forward(const std::vector<std::shared_ptr<flow::Layer>>& step, const Tensor& x,
                       const Tensor& early);
  // x of one step, z [T, B, C]. joined [T, B, E]: the channels of z that joined after the step
  // inverted before this one; undefined when none did.
  Tensor inverse(const std::vector<std::shared_ptr<flow::Layer>>& step, const Tensor& z,
                 const Tensor& joined);

 private:
  std::vector<Tensor> run(Direction direction,
                          const std::vector<std::shared_ptr<flow::Layer>>& step,
                          const Tensor& input, const Tensor& apart) const;

  flow::Condition condition_;
  std::shared_ptr<Tensor> output_;  // of the last step; on the way back, of the next one to redo
};

}  // namespace glowvox::model

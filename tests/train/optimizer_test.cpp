// SPDX-License-Identifier: MIT
#include "train/optimizer.hpp"

#include <cmath>

#include "flow/ops.hpp"
#include "model/flow_vocoder.hpp"
#include "train/training.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

// A few steps on gradients of the same random numbers.
std::vector<train::Optimizer::Slot> after_steps(const config::TrainConfig& config, bool portable) {
  torch::manual_seed(3);
  const model::FlowVocoder model(test::tiny());
  train::Optimizer optimizer(model, config);
  const flow::PortableGuard guard(portable);
  for (int step = 0; step < 5; ++step) {
    for (auto& slot : optimizer.slots())
      slot.weight.mutable_grad() = torch::randn(slot.weight.sizes());
    optimizer.slots().back().weight.mutable_grad() = Tensor();  // one that no loss depends on
    optimizer.step(step, 1e-2, 0.5);
  }
  return optimizer.slots();
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return ((a - b).abs().max() / b.abs().max().clamp_min(1e-12)).item<double>();
}

}  // namespace

TEST_CASE("the optimizer of other devices makes the CPU's steps") {
  const torch::NoGradGuard no_grad;
  for (const auto kind : {config::OptimizerKind::kAdam, config::OptimizerKind::kAdamW}) {
    config::TrainConfig config = test::tiny().train;
    config.optimizer = kind;
    config.weight_decay = 0.1;
    const auto own = after_steps(config, false), portable = after_steps(config, true);
    REQUIRE(own.size() == portable.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      CHECK(largest_difference(portable[i].weight, own[i].weight) < 1e-5);
      CHECK(largest_difference(portable[i].m, own[i].m) < 1e-5);
      CHECK(largest_difference(portable[i].v, own[i].v) < 1e-5);
      CHECK(largest_difference(portable[i].average, own[i].average) < 1e-5);
    }
  }
}

TEST_CASE("the gradient's norm is over all parameters that have one") {
  const model::FlowVocoder model(test::tiny());
  train::Optimizer optimizer(model, test::tiny().train);
  CHECK(optimizer.gradient_norm().item<double>() == 0.0);
  auto& slots = optimizer.slots();
  slots[0].weight.mutable_grad() = torch::full(slots[0].weight.sizes(), 3.0);
  slots[1].weight.mutable_grad() = torch::full(slots[1].weight.sizes(), 4.0);
  const double expected = std::sqrt(9.0 * slots[0].weight.numel() + 16.0 * slots[1].weight.numel());
  CHECK(optimizer.gradient_norm().item<double>() == doctest::Approx(expected).epsilon(1e-6));
}

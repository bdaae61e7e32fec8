// SPDX-License-Identifier: MIT
// Where a run's tensors are and who else works on it.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <optional>
#include <string>

#include "train/ranks.hpp"
#include "train/run_options.hpp"

namespace glowvox::train {

struct Setting {
  torch::Device device = torch::kCPU;
  Products products = Products::kFaster;
  std::shared_ptr<Ranks> ranks = std::make_shared<Ranks>();
};

// device: "cpu", "cuda" (each local rank its own) or "cuda:N"; throws Error when there is no such
// device here. Meets the other ranks where there are any.
Setting make_setting(const std::string& device, const std::optional<RankPlace>& place,
                     Products products);

}  // namespace glowvox::train

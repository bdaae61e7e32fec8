// SPDX-License-Identifier: MIT
#include "signals.hpp"

namespace glowvox::tools {

std::vector<float> to_vector(const torch::Tensor& tensor) {
  const torch::Tensor t = tensor.to(torch::kFloat).contiguous();
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

}  // namespace glowvox::tools

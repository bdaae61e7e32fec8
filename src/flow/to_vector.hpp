// SPDX-License-Identifier: MIT
// Tensors as the files that users have want them.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace glowvox::flow {

// The values of a tensor of any shape, row after row.
inline std::vector<float> to_vector(const torch::Tensor& tensor) {
  const torch::Tensor t = tensor.to(torch::kFloat).contiguous();
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

}  // namespace glowvox::flow

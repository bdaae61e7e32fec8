// SPDX-License-Identifier: MIT
// Tensors as the files that users have want them.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace glowvox::tools {

std::vector<float> to_vector(const torch::Tensor& tensor);

}  // namespace glowvox::tools

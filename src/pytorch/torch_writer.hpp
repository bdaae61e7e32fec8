// SPDX-License-Identifier: MIT
// A state dict as torch.load reads it.
#pragma once

#include <map>
#include <string>

#include "safetensors/safetensors.hpp"

namespace glowvox::pytorch {

// An ordered dictionary of tensors (F32, F16, BF16, F64 or I64) in a zip archive of PyTorch 1.6 and
// later, which torch.load(weights_only=True) takes; atomically, and the same tensors give the same
// bytes. Throws Error naming the path.
void write_state_dict(const std::string& path,
                      const std::map<std::string, safetensors::Tensor>& tensors);

}  // namespace glowvox::pytorch

// SPDX-License-Identifier: MIT
// Stored values as floats.
#pragma once

#include <string>
#include <vector>

#include "safetensors/safetensors.hpp"

namespace glowvox::safetensors {

// F32, F16, BF16 or F64, little-endian, as float (exact but for F64). Throws Error with `where` for
// another type.
std::vector<float> to_floats(const std::string& dtype, const char* data, std::size_t bytes,
                             const std::string& where);

// An F32 tensor of these values.
Tensor to_tensor(std::vector<std::int64_t> shape, const std::vector<float>& values);

}  // namespace glowvox::safetensors

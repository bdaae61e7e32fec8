// SPDX-License-Identifier: MIT
// Several models' weights as one model's.
#pragma once

#include <vector>

#include "core/weighted_path.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::safetensors {

enum class Stored { kFloat32, kHalf };

// A model file whose every weight is the weighted mean of the models' (weights are relative to each
// other). Runs that went on from the same weights end in one wide valley of the loss, and their
// mean is nearer to its middle than each of them (stochastic weight averaging: Izmailov et al.
// 2018; model soups: Wortsman et al. 2022). The configuration is the first model's. A training
// checkpoint stands for its averaged weights. Throws Error naming a file that is no model, is
// another network than the first, or has no ancestor in common with it: LU mixings with other
// permutations have no mean.
Safetensors average(const std::vector<WeightedPath>& models, Stored stored);

}  // namespace glowvox::safetensors

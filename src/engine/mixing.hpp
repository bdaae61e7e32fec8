// SPDX-License-Identifier: MIT
// What a step does to its channels before the coupling.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model_config.hpp"
#include "engine/lu.hpp"
#include "engine/weights.hpp"

namespace glowvox::engine {

// y = W x, or, for a permutation, y[c] = x[source[c]]. Both permutations that there are (channels
// reversed, halves swapped) are their own inverses.
struct Mixing {
  std::optional<LuFactors> dense;  // W [C][C]; none for a permutation
  std::vector<int> source;
};

// Throws Error with `where` and `name` for an LU decomposition whose order is none.
Mixing mixing_of(const Weights& weights, const std::string& name, config::MixingKind kind, int C);

// y = (x + bias) * exp(log_scale); zeros where the configuration has none.
struct ActNorm {
  std::vector<float> log_scale, bias;  // [C]
};
ActNorm actnorm_of(const Weights& weights, const std::string& name, bool there, int C);

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
#include "engine/mixing.hpp"

#include <algorithm>
#include <numeric>

namespace glowvox::engine {

Mixing mixing_of(const Weights& weights, const std::string& name, config::MixingKind kind, int C) {
  Mixing result;
  result.source.resize(static_cast<std::size_t>(C));
  std::iota(result.source.begin(), result.source.end(), 0);
  const Weights own = weights / name;
  switch (kind) {
    case config::MixingKind::kNone:
      break;
    case config::MixingKind::kReverse:
      std::reverse(result.source.begin(), result.source.end());
      break;
    case config::MixingKind::kSwap:
      std::rotate(result.source.begin(), result.source.begin() + C / 2, result.source.end());
      break;
    case config::MixingKind::kConv1x1: {
      const std::vector<float> W = own.tensor("weight", {C, C});
      result.dense.emplace(std::vector<double>(W.begin(), W.end()), C);
      break;
    }
    case config::MixingKind::kLu:
      result.dense.emplace(StoredLu{own.tensor("triangles", {C, C}), own.tensor("sign", {C}),
                                    own.tensor("log_s", {C}), own.tensor("order", {C})},
                           weights.where(), name);
      break;
  }
  return result;
}

ActNorm actnorm_of(const Weights& weights, const std::string& name, bool there, int C) {
  const auto channels = static_cast<std::size_t>(C);
  if (!there) return {std::vector<float>(channels), std::vector<float>(channels)};
  const Weights own = weights / name;
  return {own.tensor("log_scale", {C}), own.tensor("bias", {C})};
}

}  // namespace glowvox::engine

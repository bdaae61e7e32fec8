// SPDX-License-Identifier: MIT
// When a mixing matrix counts as invertible.
#pragma once

#include <fmt/format.h>

#include <string>

#include "glowvox/error.hpp"

namespace glowvox {

// Largest over smallest singular value: beyond this the inverse in float keeps no digit of a 16-bit
// sample.
constexpr double kLargestCondition = 1e7;

// Throws Error with `where` and, where it is given, the layer's name when a matrix of this
// condition number (NaN: it is not finite) cannot be inverted.
inline void check_condition(double number, const std::string& where,
                            const std::string& layer = "") {
  if (number < kLargestCondition) return;
  throw Error(where,
              fmt::format("{}{}the mixing matrix cannot be inverted: condition number {:.3g}, "
                          "expected below {:.0e}",
                          layer, layer.empty() ? "" : ": ", number, kLargestCondition),
              "train with mixing: lu, a lower rate or from an earlier checkpoint");
}

}  // namespace glowvox

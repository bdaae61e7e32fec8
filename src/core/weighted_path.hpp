// SPDX-License-Identifier: MIT
// A path with its share, as command lines take it.
#pragma once

#include <string>

namespace glowvox {

struct WeightedPath {
  std::string path;
  double weight = 1.0;
};

// "PATH" or "PATH:weight"; where a file of the whole name exists, that is meant. Throws Error for a
// weight that is not positive.
WeightedPath parse_weighted_path(const std::string& text);

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "core/weighted_path.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/path.hpp"
#include "glowvox/error.hpp"

namespace glowvox {

WeightedPath parse_weighted_path(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::error_code unknown;
  if (colon == std::string::npos || colon + 1 == text.size() ||
      std::filesystem::exists(path_of(text), unknown))
    return {text, 1.0};
  char* end = nullptr;
  const double weight = std::strtod(text.c_str() + colon + 1, &end);
  if (*end != '\0') return {text, 1.0};
  if (!(weight > 0.0) || !std::isfinite(weight))
    throw Error(text, "expected a positive weight after the colon");
  return {text.substr(0, colon), weight};
}

}  // namespace glowvox

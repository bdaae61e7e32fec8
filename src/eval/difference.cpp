// SPDX-License-Identifier: MIT
#include "eval/difference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace glowvox::eval {

double largest_difference(const std::vector<float>& reference, const std::vector<float>& signal) {
  if (reference.size() != signal.size()) return std::nan("");
  double most = 0.0, peak = 1.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double x = reference[i];
    if (!std::isfinite(x - signal[i])) return std::numeric_limits<double>::infinity();
    most = std::max(most, std::fabs(x - signal[i]));
    peak = std::max(peak, std::fabs(x));
  }
  return most / peak;
}

double snr_db(const std::vector<float>& reference, const std::vector<float>& signal) {
  if (reference.size() != signal.size()) return std::nan("");
  double power = 0.0, error = 0.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double x = reference[i];
    power += x * x;
    error += (x - signal[i]) * (x - signal[i]);
  }
  return 10.0 * std::log10(power / std::max(error, std::numeric_limits<double>::min()));
}

}  // namespace glowvox::eval

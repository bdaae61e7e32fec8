// SPDX-License-Identifier: MIT
// Percentiles of many times in little memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace glowvox::live {

// Times in milliseconds, counted in steps of 1%: from a microsecond to a hundred seconds.
class LatencyHistogram {
 public:
  LatencyHistogram() : counts_(kSteps) {}
  void add(double ms) {
    const double step = std::log(std::max(ms, kLeastMs) / kLeastMs) / std::log(kStep);
    ++counts_[std::min(kSteps - 1, static_cast<std::size_t>(step))];
    ++count_;
    most_ms_ = std::max(most_ms_, ms);
  }
  std::int64_t count() const { return count_; }
  double most_ms() const { return most_ms_; }
  // The time that this share of all, 0 to 1, does not exceed, at most 1% too large; 0 where there
  // is none.
  double percentile_ms(double share) const {
    const auto wanted = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(count_)));
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < kSteps; ++i) {
      seen += counts_[i];
      if (seen >= wanted && seen > 0)
        return std::min(most_ms_, kLeastMs * std::pow(kStep, static_cast<double>(i + 1)));
    }
    return most_ms_;
  }

 private:
  static constexpr double kLeastMs = 1e-3, kStep = 1.01;
  static constexpr std::size_t kSteps = 1852;
  std::vector<std::int64_t> counts_;
  std::int64_t count_ = 0;
  double most_ms_ = 0.0;
};

}  // namespace glowvox::live

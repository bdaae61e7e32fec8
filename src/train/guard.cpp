// SPDX-License-Identifier: MIT
#include "train/guard.hpp"

#include <algorithm>
#include <cmath>

namespace glowvox::train {

namespace {

constexpr double kDeviationOfNormal = 1.4826;  // of a normal distribution's median deviation
// However even the recent steps were, a deviation is at least this.
constexpr double kLeastNats = 0.02, kLeastLogNorm = 0.15;
constexpr double kSmallestNorm = 1e-30;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Range {
  double center, deviation;
};

Range range_of(const std::vector<Guard::Seen>& seen, double Guard::Seen::*what, double least) {
  std::vector<double> values;
  for (const Guard::Seen& s : seen) values.push_back(s.*what);
  const double center = median(values);
  for (double& v : values) v = std::fabs(v - center);
  return {center, std::max(least, kDeviationOfNormal * median(values))};
}

}  // namespace

const char* describe(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNotFinite:
      return "the likelihood or its gradient is not finite";
    case Verdict::kLikelihood:
      return "the likelihood is far below its recent range";
    case Verdict::kGradient:
      return "the gradient is far above its recent range";
    case Verdict::kGood:
      break;
  }
  return "";
}

Verdict Guard::judge(double nats_per_sample, double gradient_norm) {
  if (!std::isfinite(nats_per_sample) || !std::isfinite(gradient_norm)) return Verdict::kNotFinite;
  const Seen now{nats_per_sample, std::log(std::max(gradient_norm, kSmallestNorm))};
  if (deviations_ > 0.0 && static_cast<int>(seen_.size()) >= kFewest) {
    const Range nats = range_of(seen_, &Seen::nats, kLeastNats);
    if (now.nats < nats.center - deviations_ * nats.deviation) return Verdict::kLikelihood;
    const Range norm = range_of(seen_, &Seen::log_norm, kLeastLogNorm);
    if (now.log_norm > norm.center + deviations_ * norm.deviation) return Verdict::kGradient;
  }
  if (static_cast<int>(seen_.size()) == kWindow) seen_.erase(seen_.begin());
  seen_.push_back(now);
  return Verdict::kGood;
}

}  // namespace glowvox::train

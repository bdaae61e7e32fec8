// SPDX-License-Identifier: MIT
// What is too far out of the ordinary to learn from.
#pragma once

#include <vector>

namespace glowvox::train {

enum class Verdict { kGood, kNotFinite, kLikelihood, kGradient };

// What to tell a person: "the likelihood is far below its recent range".
const char* describe(Verdict verdict);

// Judges a step by the recent good ones: its likelihood may fall, and the logarithm of its gradient
// norm rise, by `deviations` robust standard deviations (1.4826 times the median absolute
// deviation; Rousseeuw and Croux 1993) from the median of the last kWindow. The first kFewest pass
// when they are finite.
class Guard {
 public:
  static constexpr int kWindow = 64, kFewest = 32;
  explicit Guard(double deviations) : deviations_(deviations) {}  // 0: only what is not finite
  // A good step becomes part of what the next ones are judged by.
  Verdict judge(double nats_per_sample, double gradient_norm);

  // For checkpoints: a list of kWindow pairs at most, oldest first.
  struct Seen {
    double nats, log_norm;
  };
  const std::vector<Seen>& seen() const { return seen_; }
  void restore(std::vector<Seen> seen) { seen_ = std::move(seen); }

 private:
  double deviations_;
  std::vector<Seen> seen_;
};

}  // namespace glowvox::train

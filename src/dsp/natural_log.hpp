// SPDX-License-Identifier: MIT
// The logarithms of mels, as natural ones.
#pragma once

#include <algorithm>
#include <cmath>

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// What a value of this logarithm is multiplied by to be a natural one; 1 where there is none.
inline double log_unit(MelLog log) { return log == MelLog::kLog10 ? std::log(10.0) : 1.0; }

// A value of a mel, as its specification stores it, to the natural logarithm of an amplitude.
struct NaturalLog {
  static constexpr double kSmallest = 1e-10;  // where there is no logarithm, and so no floor

  NaturalLog() = default;
  explicit NaturalLog(const MelSpec& spec)
      : is_taken(spec.log == MelLog::kNone), factor(log_unit(spec.log) / spec.power) {}

  float operator()(float value) const {
    if (is_taken) value = std::log(std::max(value, static_cast<float>(kSmallest)));
    return value * static_cast<float>(factor);
  }

  bool is_taken = false;  // here: the specification has none
  double factor = 1.0;
};

}  // namespace glowvox::dsp

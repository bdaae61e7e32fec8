// SPDX-License-Identifier: MIT
// All objective metrics of a synthesized sound against the recording of the same words.
#pragma once

#include <string>
#include <vector>

namespace glowvox::eval {

// The rate that the metrics are defined at; sounds of another are resampled.
constexpr int kRateHz = 22050;

struct Metric {
  const char* key;    // for machines
  const char* label;  // for people
  const char* unit;   // may be empty
  int digits;         // after the point
  const char* best;   // "low", "high", "zero" or "one"
};

// In the order of a sound's values.
const std::vector<Metric>& metrics();
std::size_t metric_at(const std::string& key);  // throws Error where there is none

// The value of each metric for [samples] at rate_hz, the longer cut to the shorter; NaN where it is
// undefined (no voiced frame, less than 30 frames that are not silent). Throws Error for sounds
// that are too short for a mel.
std::vector<double> measure(const std::vector<float>& reference, const std::vector<float>& signal,
                            int rate_hz);

}  // namespace glowvox::eval

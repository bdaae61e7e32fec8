// SPDX-License-Identifier: MIT
// What a mel's values are like.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// Gathered from mels in pieces.
class MelStatistics {
 public:
  explicit MelStatistics(std::int64_t bands);
  void add(const Mel& mel);  // of as many bands

  std::int64_t frames() const { return frames_; }
  double values() const;  // how many, in all bands
  std::int64_t bands() const { return static_cast<std::int64_t>(sum_.size()); }
  float minimum() const { return minimum_; }
  float maximum() const { return maximum_; }
  double at_minimum() const;  // share of the values that equal the smallest one
  double mean() const;        // over everything
  double deviation() const;
  std::vector<float> band_means() const;
  std::vector<float> band_deviations() const;
  // Without the values at the smallest, where they are many enough to be a floor (silence that was
  // padded says nothing of speech).
  bool touches_floor() const;
  MelStatistics above_floor() const;

 private:
  double share(double of) const;  // of all values
  std::int64_t frames_ = 0;
  float minimum_ = 0.0F, maximum_ = 0.0F;
  std::vector<double> count_, sum_, square_, at_minimum_;  // of every band
};

// Whether there is as much as a second of sound, silence at the smallest value left out.
bool judged(const MelStatistics& mel);

// Whether a mel may come from speech like that of the given means and deviations of every band; if
// not, why in words, else an empty text. What is not judged has none.
std::string unlike(const MelStatistics& mel, const std::vector<float>& mean,
                   const std::vector<float>& deviation);

}  // namespace glowvox::dsp

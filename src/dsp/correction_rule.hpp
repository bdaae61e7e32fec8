// SPDX-License-Identifier: MIT
// How far a correction by the mel goes (engine::MelCorrection), and what training needs to know of
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dsp/next_hop.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// Whether a mel's frames overlap enough to be changed.
inline bool correction_possible(const MelSpec& spec) {
  return 2 * spec.hop_samples <= spec.win_samples;
}

struct CorrectionRule {
  static constexpr float kStrength = 1.3F;
  static constexpr float kCaution = 0.15F;  // strength for a frame that is not whole, or is alone
  // Of what a steady sound's mel has less, in its logarithm, where the last hop is missing: all of
  // it makes the sound of one frame alone 0.3 dB softer than half of it does.
  static constexpr double kMissing = 0.5;
  // The same two of one frame alone where the samples ahead are guessed (NextHop).
  static constexpr float kGuessed = 0.25F;
  static constexpr double kMissingGuessed = 0.25;
  static constexpr float kDrawn = 0.4F;  // strength where the next row was drawn
  static constexpr float kMomentum = 0.5F;
  static constexpr float kMostGain = 10.0F;
  static constexpr int kRounds = 3;
};

// What is given of the sound next follows what was given without a turn's changes: they fade in,
// or every hop begins with a step, which fills the quiet bands of a sound that is loud in others.
// By half a cosine over an eighth of a hop: the factors of the change, rising.
std::vector<float> fade_in(int hop);

// The logarithm of what a steady sound's amplitude becomes in a frame without its last hop, with a
// lapped transform's falling window over so many samples before it.
double missing_last_hop(const std::vector<double>& window, int hop, std::int64_t ahead);

// The guess at the next samples for a correction of one frame alone, where a lapped transform gives
// something of so many of them (`ahead`): none unless a frame comes with each of its rows, and as
// many final samples are kept as the guess reads.
std::optional<NextHop> next_hop_of(const MelSpec& spec, std::int64_t ahead);

// A bin's gain lies between those of two bands: the lower one's, and the next one's by its share.
struct BandOfBin {
  int lower;
  float share;
};
std::vector<BandOfBin> bands_of_bins(const MelSpec& spec);  // [n_fft / 2 + 1]

}  // namespace glowvox::dsp

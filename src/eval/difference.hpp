// SPDX-License-Identifier: MIT
// How near one signal is to another, sample by sample.
#pragma once

#include <vector>

namespace glowvox::eval {

// The largest difference, relative to audio in [-1, 1]: divided by the reference's peak where that
// is above 1. NaN for signals of different lengths.
double largest_difference(const std::vector<float>& reference, const std::vector<float>& signal);

// 10 log10 (sum reference^2 / sum (reference - signal)^2) in dB; NaN for different lengths.
double snr_db(const std::vector<float>& reference, const std::vector<float>& signal);

}  // namespace glowvox::eval

// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace glowvox::eval {

// Short-time objective intelligibility (Taal, Hendriks, Heusdens, Jensen, "An algorithm for
// intelligibility prediction of time-frequency weighted noisy speech", IEEE TASLP 2011), between
// -1 and 1: 10 kHz, frames of 256 (50% overlap, zero-padded to 512), 15 third-octave bands from 150
// Hz, segments of 30 frames, clipping at -15 dB, frames more than 40 dB below the loudest removed.
// Both [samples], the longer cut to the shorter. Throws Error when fewer than 30 frames are left.
double stoi(const std::vector<float>& reference, const std::vector<float>& degraded,
            int sample_rate_hz);

}  // namespace glowvox::eval

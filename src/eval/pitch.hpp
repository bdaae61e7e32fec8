// SPDX-License-Identifier: MIT
// The fundamental of speech, and how it differs between two sounds.
#pragma once

#include <vector>

namespace glowvox::eval {

// A frame every 256 samples, the first over samples [0, 1536).
struct PitchTrack {
  std::vector<double> f0_hz;        // of the highest peak, whether voiced or not; 0 without a peak
  std::vector<double> periodicity;  // height of that peak where voiced, 0 elsewhere
  std::vector<bool> voiced;
};

// Normalised autocorrelation (Boersma, "Accurate short-term analysis of the fundamental frequency
// and the harmonics-to-noise ratio of a sampled sound", IFA Proceedings 17, 1993): frames of 1,536
// samples under a Hann window, less their mean, autocorrelation divided by the window's own; the
// highest peak between 70 and 450 Hz, refined by a parabola. Voiced: a peak above 0.5 in a frame
// whose mean power is 1e-6 or more. Meant for 22,050 Hz.
PitchTrack track_pitch(const std::vector<float>& samples, int sample_rate_hz);

struct PitchErrors {
  double cents = 0.0;        // root mean square among frames voiced in both and not grossly wrong
  double gross = 0.0;        // share of the frames voiced in both that are more than 100 cents away
  double voicing_f1 = 0.0;   // of the voiced frames, harmonic mean of precision and recall
  double periodicity = 0.0;  // root mean square difference of the periodicities
};

// Frames beyond the shorter are left out. NaN where there is nothing to count.
PitchErrors compare(const PitchTrack& reference, const PitchTrack& signal);

}  // namespace glowvox::eval

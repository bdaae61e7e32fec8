// SPDX-License-Identifier: MIT
// How far a synthesized sound is from the recording of the same words, by its spectrum and level.
// Both signals have one rate, and the longer is cut to the shorter.
#pragma once

#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::eval {

// Mean over all frames and bands of |a - b|, for two mels of one specification; frames beyond the
// shorter are left out. NaN without frames.
double mel_error(const Mel& a, const Mel& b);

// Kubichek, "Mel-cepstral distance measure for objective speech quality assessment" (1993), in dB:
// mean over frames of 10 / ln 10 sqrt(2 sum_d (c_d - c'_d)^2), d = 1 ... 13, where c_d is the
// coefficient of cos(pi d (b + 1/2) / bands) in the natural log-mel of amplitudes: the root mean
// square difference in dB of two smoothed spectra whose levels were made equal.
double mel_cepstral_distortion(const Mel& a, const Mel& b);

// Mean over FFT/hop of 512/128, 1024/256 and 2048/512 (Hann, centred, magnitudes of 1e-5 at least)
// of |R - S| / |R| (Frobenius norms) plus the mean of |ln R - ln S| (Yamamoto, Song, Kim, "Parallel
// WaveGAN", ICASSP 2020; the resolutions are ours).
double stft_distance(const std::vector<float>& reference, const std::vector<float>& signal);

// 20 log10 of the ratio of the root mean squares, signal to reference. Infinite where one is
// silent; NaN where both are.
double level_db(const std::vector<float>& reference, const std::vector<float>& signal);

// The same of what lies above 8 kHz, where the mels of many models end, at this rate. NaN where
// there is nothing above 8 kHz.
double highs_db(const std::vector<float>& reference, const std::vector<float>& signal, int rate_hz);

// How much louder the signal is than its reference in the frame of 1,024 samples (Hann, hop 256)
// where this is most, in dB: a click, or speech where there is none. What is more than 40 dB below
// the reference's loudest frame is silence (SilenceSpectrum looks there) and counts as that much.
double loudest_frame_db(const std::vector<float>& reference, const std::vector<float>& signal);

// The spectrum of what is said between the words: power in bins of 1,024 samples, over all frames
// whose reference is more than 40 dB below the loudest of its recording, of any number of
// recordings. A tone or a hum that a model adds stands out here.
class SilenceSpectrum {
 public:
  void add(const std::vector<float>& reference, const std::vector<float>& signal);
  int frames() const { return frames_; }
  struct Worst {
    double db = 0.0;         // signal against reference, of either sign
    double frequency = 0.0;  // as a fraction of the sampling rate
  };
  // Where the two differ most; NaN without a silent frame.
  Worst worst() const;

 private:
  std::vector<double> reference_, signal_;  // sums of power, [bins]
  int frames_ = 0;
};

}  // namespace glowvox::eval

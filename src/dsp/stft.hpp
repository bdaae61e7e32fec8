// SPDX-License-Identifier: MIT
// Short-time Fourier transform.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// Frame-major spectrum: values[frame * bins + bin], bins = n_fft/2 + 1.
struct Spectrum {
  std::int64_t frames = 0;
  std::int64_t bins = 0;
  std::vector<std::complex<float>> values;
};

// padded: the signal with its padding already applied. Frame t covers
// padded[t * hop .. t * hop + n_fft); the periodic Hann window of win_samples is centred in it.
Spectrum stft(const std::vector<float>& padded, int n_fft, int hop_samples, int win_samples);

// The same with any window, whose size is n_fft. Safe to call from several threads.
Spectrum stft(const std::vector<float>& padded, int n_fft, int hop_samples,
              const std::vector<double>& window);

// Frame t of a centred transform stands around sample t * hop: the signal is padded by its own
// reflection (of at most n_fft / 2 samples; zeros where it is shorter) on both sides.
Spectrum centred_stft(const std::vector<float>& samples, int n_fft, int hop_samples);

// The signal of [samples] whose centred transform is nearest in squares (Griffin and Lim, "Signal
// estimation from modified short-time Fourier transform", IEEE TASSP 1984): the inverse where the
// spectrum is that of a signal.
std::vector<float> inverse_centred_stft(const Spectrum& spectrum, int n_fft, int hop_samples,
                                        std::int64_t samples);

// The Hann window of win_samples, centred in n_fft.
std::vector<double> centred_hann(int n_fft, int win_samples,
                                 MelWindow window = MelWindow::kPeriodic);

}  // namespace glowvox::dsp

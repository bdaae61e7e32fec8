#include "dsp/stft.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "dsp/fft.hpp"

namespace glowvox::dsp {

namespace {

constexpr double kTwoPi = 6.283185307179586476925;

}  // namespace

std::vector<double> centred_hann(int n_fft, int win_samples) {
  std::vector<double> window(static_cast<std::size_t>(n_fft), 0.0);
  const int first = (n_fft - win_samples) / 2;
  for (int i = 0; i < win_samples; ++i)
    window[static_cast<std::size_t>(first + i)] = 0.5 - 0.5 * std::cos(kTwoPi * i / win_samples);
  return window;
}

Spectrum stft(const std::vector<float>& padded, int n_fft, int hop_samples, int win_samples) {
  return stft(padded, n_fft, hop_samples, centred_hann(n_fft, win_samples));
}

Spectrum stft(const std::vector<float>& padded, int n_fft, int hop_samples,
              const std::vector<double>& window) {
  Spectrum spectrum;
  spectrum.bins = n_fft / 2 + 1;
  const auto samples = static_cast<std::int64_t>(padded.size());
  if (samples < n_fft) return spectrum;
  spectrum.frames = (samples - n_fft) / hop_samples + 1;
  const auto bins = static_cast<std::size_t>(spectrum.bins);
  spectrum.values.resize(static_cast<std::size_t>(spectrum.frames) * bins);

  RealFft fft(n_fft);
  for (std::int64_t frame = 0; frame < spectrum.frames; ++frame) {
    const float* x = padded.data() + frame * hop_samples;
    std::transform(x, x + n_fft, window.begin(), fft.time(), std::multiplies<double>());
    fft.forward();
    std::complex<float>* out = &spectrum.values[static_cast<std::size_t>(frame) * bins];
    for (std::size_t bin = 0; bin < bins; ++bin)
      out[bin] = static_cast<std::complex<float>>(fft.spectrum()[bin]);
  }
  return spectrum;
}

}  // namespace glowvox::dsp

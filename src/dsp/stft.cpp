// SPDX-License-Identifier: MIT
#include "dsp/stft.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "dsp/fft.hpp"

namespace glowvox::dsp {

namespace {

constexpr double kTwoPi = 6.283185307179586476925;

}  // namespace

std::vector<double> centred_hann(int n_fft, int win_samples, MelWindow shape) {
  std::vector<double> window(static_cast<std::size_t>(n_fft), 0.0);
  const int first = (n_fft - win_samples) / 2;
  const int period = shape == MelWindow::kSymmetric ? std::max(1, win_samples - 1) : win_samples;
  for (int i = 0; i < win_samples; ++i)
    window[static_cast<std::size_t>(first + i)] = 0.5 - 0.5 * std::cos(kTwoPi * i / period);
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

Spectrum centred_stft(const std::vector<float>& samples, int n_fft, int hop_samples) {
  const auto count = static_cast<std::ptrdiff_t>(samples.size());
  const std::ptrdiff_t half = n_fft / 2;
  std::vector<float> padded(samples.size() + static_cast<std::size_t>(n_fft), 0.0F);
  std::copy(samples.begin(), samples.end(), padded.begin() + half);
  for (std::ptrdiff_t i = 1; i <= std::min(half, count - 1); ++i) {
    padded[static_cast<std::size_t>(half - i)] = samples[static_cast<std::size_t>(i)];
    padded[static_cast<std::size_t>(half + count - 1 + i)] =
        samples[static_cast<std::size_t>(count - 1 - i)];
  }
  return stft(padded, n_fft, hop_samples, n_fft);
}

std::vector<float> inverse_centred_stft(const Spectrum& spectrum, int n_fft, int hop_samples,
                                        std::int64_t samples) {
  constexpr double kLeastWeight = 1e-8;  // of a sample that no frame covers
  const std::vector<double> window = centred_hann(n_fft, n_fft);
  const auto size = static_cast<std::size_t>(n_fft), bins = static_cast<std::size_t>(spectrum.bins);
  const auto frames = static_cast<std::size_t>(spectrum.frames);
  const std::size_t length =
      std::max(static_cast<std::size_t>(samples) + size,
               frames == 0 ? 0 : (frames - 1) * static_cast<std::size_t>(hop_samples) + size);
  std::vector<double> sum(length, 0.0), weight(length, 0.0);
  RealFft fft(n_fft);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    std::copy_n(&spectrum.values[frame * bins], bins, fft.spectrum());
    fft.inverse();
    const std::size_t at = frame * static_cast<std::size_t>(hop_samples);
    for (std::size_t i = 0; i < size; ++i) {
      sum[at + i] += window[i] * fft.time()[i] / n_fft;
      weight[at + i] += window[i] * window[i];
    }
  }
  std::vector<float> out(static_cast<std::size_t>(samples));
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(sum[i + size / 2] / std::max(weight[i + size / 2], kLeastWeight));
  return out;
}

}  // namespace glowvox::dsp

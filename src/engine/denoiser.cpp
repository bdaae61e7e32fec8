// SPDX-License-Identifier: MIT
#include "engine/denoiser.hpp"

#include "dsp/stft.hpp"

namespace glowvox::engine {

Denoiser::Denoiser(const std::vector<double>& bias, int n_fft, int hop, double strength,
                   std::size_t most_samples, ThreadTeam* team)
    : frames_(dsp::centred_hann(n_fft, n_fft), hop, 0, most_samples, team,
              [this](const OverlapAdd::Frame& frame) { subtract(frame.spectrum); }) {
  for (const double magnitude : bias) bias_.push_back(static_cast<float>(strength * magnitude));
}

void Denoiser::subtract(std::complex<float>* spectrum) const {
  for (std::size_t k = 0; k < bias_.size(); ++k) {
    const float magnitude = std::abs(spectrum[k]);
    spectrum[k] *= magnitude > bias_[k] ? 1.0F - bias_[k] / magnitude : 0.0F;
  }
}

std::vector<double> mean_magnitudes(const std::vector<float>& samples, int n_fft, int hop) {
  const dsp::Spectrum spectrum = dsp::stft(samples, n_fft, hop, n_fft);
  const auto bins = static_cast<std::size_t>(n_fft / 2 + 1);
  std::vector<double> mean(bins, 0.0);
  for (std::size_t i = 0; i < spectrum.values.size(); ++i)
    mean[i % bins] += std::abs(spectrum.values[i]) / static_cast<double>(spectrum.frames);
  return mean;
}

}  // namespace glowvox::engine

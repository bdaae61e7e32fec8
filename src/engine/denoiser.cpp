#include "engine/denoiser.hpp"

#include <algorithm>
#include <complex>

#include "dsp/stft.hpp"

namespace glowvox::engine {

Denoiser::Denoiser(std::vector<double> bias, int n_fft, int hop, double strength)
    : bias_(std::move(bias)),
      window_(dsp::centred_hann(n_fft, n_fft)),
      norm_(static_cast<std::size_t>(hop), 0.0),
      hop_(hop),
      fft_(n_fft),
      in_(static_cast<std::size_t>(n_fft), 0.0),
      sum_(static_cast<std::size_t>(n_fft), 0.0),
      skip_(static_cast<std::size_t>(n_fft - hop)) {
  for (double& magnitude : bias_) magnitude *= strength;
  // What the windows of all frames that cover a sample add up to, and the transform's own factor.
  for (std::size_t i = 0; i < window_.size(); ++i)
    norm_[i % norm_.size()] += window_[i] * window_[i] * n_fft;
}

void Denoiser::frame(std::vector<float>* out) {
  const std::size_t n = window_.size();
  const auto hop = static_cast<std::size_t>(hop_);
  for (std::size_t i = 0; i < n; ++i) fft_.time()[i] = in_[i] * window_[i];
  fft_.forward();
  for (std::size_t k = 0; k < bias_.size(); ++k) {
    std::complex<double>& bin = fft_.spectrum()[k];
    const double magnitude = std::abs(bin);
    bin *= magnitude > bias_[k] ? 1.0 - bias_[k] / magnitude : 0.0;
  }
  fft_.inverse();
  for (std::size_t i = 0; i < n; ++i) sum_[i] += fft_.time()[i] * window_[i];
  for (std::size_t i = 0; i < hop; ++i) {
    if (skip_ > 0) {
      --skip_;
    } else if (given_ < taken_) {
      out->push_back(static_cast<float>(sum_[i] / norm_[i]));
      ++given_;
    }
  }
  std::copy(sum_.begin() + hop_, sum_.end(), sum_.begin());
  std::fill(sum_.end() - hop_, sum_.end(), 0.0);
  std::copy(in_.begin() + hop_, in_.end(), in_.begin());
  filled_ = 0;
}

void Denoiser::push(const float* samples, std::size_t count, std::vector<float>* out) {
  const std::size_t first = in_.size() - static_cast<std::size_t>(hop_);
  taken_ += count;
  for (std::size_t i = 0; i < count; ++i) {
    in_[first + filled_++] = samples[i];
    if (filled_ == static_cast<std::size_t>(hop_)) frame(out);
  }
}

void Denoiser::finish(std::vector<float>* out) {
  while (given_ < taken_) {
    std::fill(in_.end() - hop_ + static_cast<std::ptrdiff_t>(filled_), in_.end(), 0.0);
    frame(out);
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

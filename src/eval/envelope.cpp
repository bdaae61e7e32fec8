// SPDX-License-Identifier: MIT
#include "eval/envelope.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include "dsp/fft.hpp"

namespace glowvox::eval {

namespace {

constexpr std::size_t kFrame = 1536, kHop = 256, kMiddle = kFrame / 3;  // as track_pitch's
constexpr double kLowestHz = 2500.0, kHighestHz = 7000.0;

// The middle of a frame's band-limited analytic signal, in magnitude.
class Envelope {
 public:
  explicit Envelope(int sample_rate_hz) : fft_(kFrame) {
    const auto bin = [&](double hz) { return static_cast<int>(hz * kFrame / sample_rate_hz); };
    first_ = bin(kLowestHz);
    last_ = std::min(bin(kHighestHz), fft_.bins() - 1);
  }
  double variation(const float* x) {
    std::copy_n(x, kFrame, fft_.time());
    fft_.forward();
    const std::vector<std::complex<double>> spectrum(fft_.spectrum(),
                                                     fft_.spectrum() + fft_.bins());
    const std::vector<double> real = part(spectrum, 1.0);
    const std::vector<double> imaginary = part(spectrum, {0.0, -1.0});
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < kMiddle; ++i) {
      const double power = real[i] * real[i] + imaginary[i] * imaginary[i];
      sum += std::sqrt(power);
      squares += power;
    }
    const double mean = sum / kMiddle;
    return mean > 0.0 ? std::sqrt(std::max(0.0, squares / kMiddle - mean * mean)) / mean : 0.0;
  }

 private:
  std::vector<double> part(const std::vector<std::complex<double>>& spectrum,
                           std::complex<double> turn) {
    for (int k = 0; k < fft_.bins(); ++k)
      fft_.spectrum()[k] =
          k >= first_ && k <= last_ ? turn * spectrum[static_cast<std::size_t>(k)] : 0.0;
    fft_.inverse();
    return {fft_.time() + kMiddle, fft_.time() + 2 * kMiddle};
  }
  dsp::RealFft fft_;
  int first_ = 0, last_ = 0;
};

}  // namespace

double envelope_variation(const std::vector<float>& samples, int sample_rate_hz,
                          const std::vector<bool>& voiced) {
  Envelope envelope(sample_rate_hz);
  double sum = 0.0;
  int count = 0;
  for (std::size_t t = 0; t < voiced.size() && t * kHop + kFrame <= samples.size(); ++t) {
    if (!voiced[t]) continue;
    sum += envelope.variation(&samples[t * kHop]);
    ++count;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace glowvox::eval

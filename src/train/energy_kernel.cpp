// SPDX-License-Identifier: MIT
#include "train/energy_kernel.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "dsp/fft.hpp"
#include "train/spectral_distance.hpp"

namespace glowvox::train {

using Floats = Eigen::ArrayXf;
using FloatRows = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// One of the transforms.
class EnergyKernel::Resolution {
 public:
  Resolution(int size, double log_floor, const std::vector<float>& weights)
      : size_(size),
        hop_(size / 4),
        floor_(static_cast<float>(log_floor)),
        fft_(size),
        window_(size),
        weights_(Eigen::Map<const Floats>(weights.data(), fft_.bins())),
        recording_(fft_.bins()),
        y_(fft_.bins()),
        other_(fft_.bins()) {
    for (int i = 0; i < size; ++i)
      window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(2.0 * M_PI * i / size));
  }

  // Adds its part of the distances, and of the gradient times `scale`.
  void add(const float* x, const float* y, const float* other, std::int64_t samples, double scale,
           Result& result, float* gradient) {
    const std::int64_t frames = (samples - size_) / hop_ + 1;
    const auto bins = static_cast<double>(fft_.bins()), count = static_cast<double>(frames);
    const double mean = mean_magnitude(x, frames);
    const auto linear = static_cast<float>(1.0 / (count * bins * mean));
    double fit = 0.0, spread = 0.0;
    for (std::int64_t f = 0; f < frames; ++f) {
      recording_.magnitude = magnitudes_.row(f);
      recording_.take_log(floor_);
      analyse(other + f * hop_, other_);
      analyse(y + f * hop_, y_);  // last: its spectrum stays in the transform
      const float to_fit = distance(recording_, count, linear, fit);
      const float to_spread = distance(other_, count, linear, spread);
      if (gradient != nullptr)
        add_gradient(to_fit, to_spread, linear, static_cast<float>(scale), gradient + f * hop_);
    }
    result.fit += fit;
    result.spread += spread;
  }

 private:
  struct Frame {
    explicit Frame(int bins) : magnitude(bins), logarithm(bins) {}
    void take_log(float floor) { logarithm = (magnitude + floor).log(); }
    Floats magnitude, logarithm;
  };

  // samples [size] into the transform; its magnitudes.
  void transform(const float* samples, Floats& magnitude) {
    Eigen::Map<Floats>(fft_.time(), size_) = window_ * Eigen::Map<const Floats>(samples, size_);
    fft_.forward();
    const auto* bins = fft_.spectrum();
    for (int k = 0; k < fft_.bins(); ++k) magnitude[k] = std::norm(bins[k]);
    magnitude = (magnitude + static_cast<float>(kSmallestPower)).sqrt();
  }

  void analyse(const float* samples, Frame& frame) {
    transform(samples, frame.magnitude);
    frame.take_log(floor_);
  }

  // The recording's magnitudes into magnitudes_, and their mean.
  double mean_magnitude(const float* x, std::int64_t frames) {
    magnitudes_.resize(frames, fft_.bins());
    double sum = 0.0;
    for (std::int64_t f = 0; f < frames; ++f) {
      transform(x + f * hop_, recording_.magnitude);
      magnitudes_.row(f) = recording_.magnitude;
      sum += (recording_.magnitude * weights_).cast<double>().sum();
    }
    return std::max(sum / (static_cast<double>(frames) * fft_.bins()), kSmallestMeanMagnitude);
  }

  // Adds the frame's distance from `to`; returns what a difference of logarithms is multiplied by
  // in its derivative.
  float distance(const Frame& to, double frames, float linear, double& sum) const {
    const double square =
        ((y_.logarithm - to.logarithm).square() * weights_).mean() + kSmallestSquare;
    const double root = std::sqrt(square);
    sum += root / frames + linear * ((y_.magnitude - to.magnitude).abs() * weights_).sum();
    return static_cast<float>(1.0 / (frames * fft_.bins() * root));
  }

  // The gradient of 2 (fit - spread) with respect to y's frame: the transpose of transform().
  void add_gradient(float to_fit, float to_spread, float linear, float scale, float* gradient) {
    const auto sign = [](float v) { return static_cast<float>((v > 0.0f) - (v < 0.0f)); };
    auto* bins = fft_.spectrum();
    const int last = fft_.bins() - 1;
    for (int k = 0; k <= last; ++k) {
      const float a = y_.magnitude[k], log_a = y_.logarithm[k];
      const float logarithmic =
          to_fit * (log_a - recording_.logarithm[k]) - to_spread * (log_a - other_.logarithm[k]);
      const float linear_part =
          linear * (sign(a - recording_.magnitude[k]) - sign(a - other_.magnitude[k]));
      const float of_magnitude = 2.0f * weights_[k] * (logarithmic / (a + floor_) + linear_part);
      // The inverse transform counts every bin but the outermost twice.
      bins[k] *= of_magnitude / a * (k == 0 || k == last ? 1.0f : 0.5f);
    }
    fft_.inverse();
    Eigen::Map<Floats>(gradient, size_) +=
        scale * window_ * Eigen::Map<const Floats>(fft_.time(), size_);
  }

  int size_, hop_;
  float floor_;
  dsp::RealFloatFft fft_;
  Floats window_, weights_;
  Frame recording_, y_, other_;
  FloatRows magnitudes_;  // [frames, bins], the recording's
};

EnergyKernel::EnergyKernel(const config::SampleLossConfig& config, int sample_rate_hz) {
  for (const int size : config.fft_sizes)
    resolutions_.push_back(std::make_unique<Resolution>(
        size, config.log_floor, bin_weights(size, sample_rate_hz, config.auditory)));
}

EnergyKernel::~EnergyKernel() = default;

EnergyKernel::Result EnergyKernel::operator()(const float* x, const float* y, const float* other,
                                              std::int64_t samples, float* gradient) {
  const double scale = 1.0 / static_cast<double>(resolutions_.size());
  Result result;
  if (gradient != nullptr) std::fill_n(gradient, samples, 0.0f);
  for (const auto& r : resolutions_) r->add(x, y, other, samples, scale, result, gradient);
  return {result.fit * scale, result.spread * scale};
}

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
// dsp/fft.hpp by the KissFFT that Eigen's headers hold.
#include <cmath>
#include <string>
#include <unsupported/Eigen/FFT>
#include <vector>

#include "dsp/fft.hpp"
#include "glowvox/error.hpp"

namespace glowvox::dsp {

template <typename Real>
struct BasicRealFft<Real>::State {
  explicit State(int size)
      : time(static_cast<std::size_t>(size)), spectrum(static_cast<std::size_t>(size) / 2 + 1) {
    fft.SetFlag(fft.HalfSpectrum);
    fft.SetFlag(fft.Unscaled);
  }
  Eigen::FFT<Real> fft;
  std::vector<Real> time;
  std::vector<std::complex<Real>> spectrum;
};

template <typename Real>
BasicRealFft<Real>::BasicRealFft(int size) : size_(size) {
  if (size < 2) throw Error("stft", "there is no transform of " + std::to_string(size));
  state_ = std::make_unique<State>(size);
  time_ = state_->time.data();
  spectrum_ = state_->spectrum.data();
  // Eigen makes a direction's tables when it is first taken, which may be in the middle of a
  // stream.
  forward();
  inverse();
}

template <typename Real>
BasicRealFft<Real>::~BasicRealFft() = default;

template <typename Real>
void BasicRealFft<Real>::forward() {
  state_->fft.fwd(spectrum_, time_, size_);
}

template <typename Real>
void BasicRealFft<Real>::inverse() {
  state_->fft.inv(time_, spectrum_, size_);
}

// By a complex transform of half the size between two rotations (Britanak, Yip & Rao, "Discrete
// Cosine and Sine Transforms", 2007, section 4.4).
struct DctIv::State {
  explicit State(int size)
      : half(static_cast<std::size_t>(size) / 2),
        data(static_cast<std::size_t>(size)),
        rotation_in(half),
        rotation_out(half),
        before(half),
        after(half) {
    constexpr double kPi = 3.141592653589793238463;
    for (std::size_t n = 0; n < half; ++n) {
      const double angle = -kPi * static_cast<double>(n) / size;
      rotation_in[n] = std::complex<float>(std::polar(1.0, angle - kPi / (4.0 * size)));
      rotation_out[n] = std::complex<float>(std::polar(2.0, angle));
    }
    fft.SetFlag(fft.Unscaled);
  }
  std::size_t half;
  Eigen::FFT<float> fft;
  std::vector<float> data;
  std::vector<std::complex<float>> rotation_in, rotation_out, before, after;
};

DctIv::DctIv(int size) {
  if (size < 2 || size % 2 != 0)
    throw Error("mdct", "there is no transform of " + std::to_string(size));
  state_ = std::make_unique<State>(size);
  data_ = state_->data.data();
  transform();  // see BasicRealFft: its tables are there from now on
}

DctIv::~DctIv() = default;

void DctIv::transform() {
  State& s = *state_;
  const std::size_t last = s.data.size() - 1;
  for (std::size_t n = 0; n < s.half; ++n)
    s.before[n] = std::complex<float>(data_[2 * n], data_[last - 2 * n]) * s.rotation_in[n];
  if (s.half == 1)  // Eigen has no transform of one value
    s.after = s.before;
  else
    s.fft.fwd(s.after.data(), s.before.data(), static_cast<Eigen::Index>(s.half));
  for (std::size_t k = 0; k < s.half; ++k) {
    const std::complex<float> y = s.after[k] * s.rotation_out[k];
    data_[2 * k] = y.real();
    data_[last - 2 * k] = -y.imag();
  }
}

template class BasicRealFft<double>;
template class BasicRealFft<float>;

}  // namespace glowvox::dsp

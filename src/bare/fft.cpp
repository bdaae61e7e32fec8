// dsp/fft.hpp where there is no FFTW: the KissFFT that Eigen's headers hold, some eight times
// slower.
#include "dsp/fft.hpp"

#include <unsupported/Eigen/FFT>
#include <vector>

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

template class BasicRealFft<double>;
template class BasicRealFft<float>;

}  // namespace glowvox::dsp

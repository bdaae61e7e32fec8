// Fourier transform of real signals on FFTW (in a bare build, on KissFFT).
#pragma once

#include <complex>
#include <memory>

namespace glowvox::dsp {

// One size, with memory of its own; different ones may be used from different threads at once.
// Throws Error where there is no transform of the size. Real: double or float.
template <typename Real>
class BasicRealFft {
 public:
  explicit BasicRealFft(int size);
  ~BasicRealFft();
  BasicRealFft(const BasicRealFft&) = delete;
  BasicRealFft& operator=(const BasicRealFft&) = delete;

  int bins() const { return size_ / 2 + 1; }
  Real* time() const { return time_; }                        // [size]
  std::complex<Real>* spectrum() const { return spectrum_; }  // [bins]
  void forward();                                             // time to spectrum
  void inverse();  // spectrum, which is lost, to size times the signal

 private:
  struct State;
  int size_;
  Real* time_ = nullptr;
  std::complex<Real>* spectrum_ = nullptr;
  std::unique_ptr<State> state_;
};

// For analysis: bins far below a frame's loudest would otherwise carry the rounding of a float
// transform, which a logarithm shows.
using RealFft = BasicRealFft<double>;
// For sound that passes through.
using RealFloatFft = BasicRealFft<float>;

}  // namespace glowvox::dsp

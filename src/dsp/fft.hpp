// Fourier transform of real signals on FFTW.
#pragma once

#include <complex>

struct fftw_plan_s;
struct fftwf_plan_s;

namespace glowvox::dsp {

// FFTW's plan for double and for float.
template <typename Real>
struct FftPlan;
template <>
struct FftPlan<double> {
  using Type = fftw_plan_s;
};
template <>
struct FftPlan<float> {
  using Type = fftwf_plan_s;
};

// One size, with memory of its own; different ones may be used from different threads at once.
// Throws Error where FFTW has no plan. Real: double or float.
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
  using Plan = typename FftPlan<Real>::Type;
  int size_;
  Real* time_;
  std::complex<Real>* spectrum_;
  Plan *forward_, *inverse_;  // shared by all of one size
};

// For analysis: bins far below a frame's loudest would otherwise carry the rounding of a float
// transform, which a logarithm shows.
using RealFft = BasicRealFft<double>;
// For sound that passes through.
using RealFloatFft = BasicRealFft<float>;

}  // namespace glowvox::dsp

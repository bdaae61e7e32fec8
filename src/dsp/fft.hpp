// Fourier transform of real signals on FFTW.
#pragma once

#include <complex>

struct fftw_plan_s;

namespace glowvox::dsp {

// One size, with memory of its own; different ones may be used from different threads at once. In
// double: bins far below a frame's loudest would otherwise carry the rounding of a float transform,
// which a logarithm shows. Throws Error where FFTW has no plan.
class RealFft {
 public:
  explicit RealFft(int size);
  ~RealFft();
  RealFft(const RealFft&) = delete;
  RealFft& operator=(const RealFft&) = delete;

  int bins() const { return size_ / 2 + 1; }
  double* time() const { return time_; }                        // [size]
  std::complex<double>* spectrum() const { return spectrum_; }  // [bins]
  void forward();                                               // time to spectrum
  void inverse();  // spectrum, which is lost, to size times the signal

 private:
  int size_;
  double* time_;
  std::complex<double>* spectrum_;
  fftw_plan_s *forward_, *inverse_;  // shared by all of one size
};

}  // namespace glowvox::dsp

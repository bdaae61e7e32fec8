// SPDX-License-Identifier: MIT
// Fourier and cosine transforms, by FFTW (fft_fftw.cpp) or by the KissFFT in Eigen's headers
// (fft_eigen.cpp), which an application may link whatever its own licence: see GLOWVOX_FFT.
#pragma once

#include <complex>
#include <memory>

namespace glowvox::dsp {

enum class Direction { kForward, kInverse };

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

// The cosine transform that is its own inverse but for a factor:
// out[k] = 2 sum_n in[n] cos(pi (n + 1/2) (k + 1/2) / size). One object for each thread.
class DctIv {
 public:
  explicit DctIv(int size);  // even; throws Error where there is no such transform
  ~DctIv();
  DctIv(const DctIv&) = delete;
  DctIv& operator=(const DctIv&) = delete;

  float* data() const { return data_; }  // [size]
  void transform();                      // in place

 private:
  struct State;
  float* data_ = nullptr;
  std::unique_ptr<State> state_;
};

}  // namespace glowvox::dsp

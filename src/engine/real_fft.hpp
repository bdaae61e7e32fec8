// SPDX-License-Identifier: MIT
// The Fourier transform of real signals, in vectors of the best instruction set.
#pragma once

#include <complex>
#include <memory>
#include <vector>

#include "dsp/fft.hpp"
#include "engine/aligned.hpp"

namespace glowvox::engine {

// As dsp::RealFloatFft, which transforms what is no power of two, or too short for vectors.
class RealFft {
 public:
  explicit RealFft(int size);  // throws Error where there is no transform of the size

  int bins() const { return size_ / 2 + 1; }
  float* time() { return time_; }                        // [size]
  std::complex<float>* spectrum() { return spectrum_; }  // [bins]
  void forward();                                        // time to spectrum
  void inverse();  // spectrum, which is lost, to size times the signal

  // A complex transform of half the size, M, in steps: each takes the result of the one before as
  // 4 or 2 transforms that are so many times shorter (Stockham's order, which needs no sorting).
  struct Step {
    int radix;                   // 4 or 2
    int length, stride;          // of its transforms; from one of their values to the next
    std::vector<float> factors;  // radix 4: of w, w^2 and w^3, real and imaginary, [6][length / 4]
  };
  struct Plan {
    int half;                     // M
    std::vector<Step> steps;      // two or more, the first of radix 4
    std::vector<float> cos, sin;  // of pi k / M: [M]
  };

 private:
  int size_;
  std::unique_ptr<dsp::RealFloatFft> other_;
  Plan plan_;
  AlignedBytes memory_;
  float* time_ = nullptr;
  std::complex<float>* spectrum_ = nullptr;
  float* work_ = nullptr;  // two complex signals of M, real and imaginary parts apart
};

}  // namespace glowvox::engine

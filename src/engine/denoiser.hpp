// What a model hums when nothing is said, taken off its sound.
#pragma once

#include <cstddef>
#include <vector>

#include "dsp/fft.hpp"

namespace glowvox::engine {

// Spectral subtraction of a constant magnitude spectrum (WaveGlow's denoiser): every frame of a
// short-time Fourier transform keeps its phase and loses strength * bias of its magnitude, down to
// nothing. Frames are weighted by the window before and after (periodic Hann) and added up. Works
// on sound in pieces: what all calls append is the same whatever the pieces. A sample comes out
// n_fft - hop samples after it went in, and up to a hop later where pieces are no multiples of it;
// none is lost.
class Denoiser {
 public:
  // bias: [n_fft / 2 + 1] magnitudes; hop: at most n_fft / 2.
  Denoiser(std::vector<double> bias, int n_fft, int hop, double strength);
  void push(const float* samples, std::size_t count, std::vector<float>* out);
  void finish(std::vector<float>* out);  // the rest

 private:
  void frame(std::vector<float>* out);

  std::vector<double> bias_;  // times the strength
  std::vector<double> window_, norm_;
  int hop_;
  dsp::RealFft fft_;
  std::vector<double> in_, sum_;  // the last n_fft samples; the frames added up from there on
  std::size_t filled_ = 0;        // of the last hop of in_
  std::size_t skip_;              // before the first sample
  std::size_t taken_ = 0, given_ = 0;
};

// Magnitudes of the frames that lie inside a sound, averaged: [n_fft / 2 + 1].
std::vector<double> mean_magnitudes(const std::vector<float>& samples, int n_fft, int hop);

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
// What a model hums when nothing is said, taken off its sound.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/overlap_add.hpp"

namespace glowvox::engine {

// Spectral subtraction of a constant magnitude spectrum (WaveGlow's denoiser): every frame of a
// short-time Fourier transform (periodic Hann) keeps its phase and loses strength * bias of its
// magnitude, down to nothing. Pieces and delay as in OverlapAdd.
class Denoiser {
 public:
  // bias: [n_fft / 2 + 1] magnitudes; hop: at most n_fft / 2; the rest as in OverlapAdd.
  Denoiser(const std::vector<double>& bias, int n_fft, int hop, double strength,
           std::size_t most_samples = 0, ThreadTeam* team = nullptr);
  Denoiser(const Denoiser&) = delete;  // its frames come back to it
  Denoiser& operator=(const Denoiser&) = delete;
  void push(const float* samples, std::size_t count, std::vector<float>* out) {
    frames_.push(samples, count, out);
  }
  void finish(std::vector<float>* out) { frames_.finish(out); }  // the rest

 private:
  void subtract(std::complex<float>* spectrum) const;

  std::vector<float> bias_;  // times the strength
  OverlapAdd frames_;
};

// Magnitudes of the frames that lie inside a sound, averaged: [n_fft / 2 + 1].
std::vector<double> mean_magnitudes(const std::vector<float>& samples, int n_fft, int hop);

}  // namespace glowvox::engine

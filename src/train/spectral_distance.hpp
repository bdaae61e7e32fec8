// SPDX-License-Identifier: MIT
// How far two sounds are apart, by their magnitudes at several resolutions.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "config/model_config.hpp"

namespace glowvox::train {

using torch::Tensor;

constexpr double kSmallestPower = 1e-9;          // added to that of a bin
constexpr double kSmallestSquare = 1e-6;         // added to a frame's mean square
constexpr double kSmallestMeanMagnitude = 1e-4;  // of a recording

// Of a transform's bins, [size / 2 + 1], 1 in the mean: the `auditory` power of the inverse of the
// ear's equivalent rectangular bandwidth, 24.7 (4.37 f / 1000 + 1) Hz at f Hz (Glasberg and Moore,
// "Derivation of auditory filter shapes from notched-noise data", Hearing Research 1990).
std::vector<float> bin_weights(int size, int sample_rate_hz, double auditory);

// d(a, b) of Gritsenko et al. 2020 ("A Spectral Energy Distance for Parallel Speech Synthesis",
// equation 6), mean over the transforms of
//
//   mean over frames of  sqrt(mean over bins of w (log(|A| + floor) - log(|B| + floor))^2 + 1e-6)
//   + mean of w | |A| - |B| | / mean of w |R|
//
// where R is the transform of a recording that both are meant to be, and w is bin_weights(). Hann
// windows, hops of a quarter, no padding. Every clip of a batch has a distance of its own: nothing
// depends on what else is in the batch.
class SpectralDistance {
 public:
  SpectralDistance(const config::SampleLossConfig& config, int sample_rate_hz);
  // Magnitudes of every transform, [B, frames, bins] each, and their logarithms.
  struct Spectra {
    std::vector<Tensor> magnitude, log_magnitude;
  };
  Spectra spectra(const Tensor& audio) const;                                             // [B, N]
  Tensor operator()(const Spectra& a, const Spectra& b, const Spectra& recording) const;  // [B]

 private:
  std::vector<int> sizes_;
  std::vector<Tensor> weights_;  // of every transform, [bins]
  double log_floor_;
};

// The spectral energy distance of a batch: `fit`, how far samples y are from the recordings x, and
// `spread`, how far two independent samples y and other of the same mels are from each other, [B]
// each. 2 fit - spread is a proper scoring rule: its mean is least where the samples have the
// recordings' distribution, and there fit equals spread. By symmetry its gradient is that of
// `objective`, 2 (fit - spread), when only y has one; only objective is to be differentiated.
struct EnergyDistance {
  Tensor fit, spread, objective;
};

// x, y, other: [B, N]. On the CPU in float by EnergyKernel, elsewhere by ATen's operators.
EnergyDistance energy_distance(const config::SampleLossConfig& config, int sample_rate_hz,
                               const Tensor& x, const Tensor& y, const Tensor& other);
// By ATen's operators everywhere.
EnergyDistance energy_distance_anywhere(const config::SampleLossConfig& config, int sample_rate_hz,
                                        const Tensor& x, const Tensor& y, const Tensor& other);

}  // namespace glowvox::train

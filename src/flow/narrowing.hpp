// SPDX-License-Identifier: MIT
// What makes a narrower net of a wider one: least squares on what the wide one was seen to compute.
// Everything is in double.
#pragma once

#include <torch/torch.h>

namespace glowvox::flow {

using torch::Tensor;

// The rows [N, C] of activations [T, B, C], without the first 16 of every segment: all that lack
// their past in the causal MDCT configurations. Nets that reach farther, or ahead, keep some that
// lack something.
Tensor settled(const Tensor& x);

// The mean over rows [N, C], [C], and their covariance, [C, C].
Tensor mean_of(const Tensor& rows);
Tensor covariance_of(const Tensor& rows);

// Values [C] told by fewer: x is nearly up (down x), plus what `lost` gives of its mean.
struct Projection {
  Tensor down;  // [k, C]
  Tensor up;    // [C, k]
  // The part of a mean [C] that `down` does not pass on: [C].
  Tensor lost(const Tensor& mean) const;
  // A map [O, taps, C] of x as one of down x, and what its bias [O] becomes.
  struct Map {
    Tensor weight, bias;
  };
  Map of(const Tensor& weight, const Tensor& bias, const Tensor& mean) const;
};

// The k directions of x, of this covariance, that lose least (in the mean square) of `map` x, map
// [O, C]: reduced-rank regression (Izenman 1975) of it on x.
Projection reduced(const Tensor& covariance, const Tensor& map, int64_t k);

// The k channels, in order, from which `map` x [O] is told best, each chosen beside those before it
// (orthogonal least squares; Chen, Billings and Luo 1989): indices [k].
Tensor telling(const Tensor& covariance, const Tensor& map, int64_t k);

// y [N, O] from x [N, C]: weight [O, 1, C], as of a 1x1 convolution, and bias [O].
Projection::Map least_squares(const Tensor& x, const Tensor& y);

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
// Convolutions along time as modules.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace glowvox::flow {

using torch::Tensor;

struct ConvOptions {
  int64_t in = 0, out = 0;
  int64_t kernel = 1, dilation = 1;
  bool causal = false;       // taps end at the present frame; otherwise centred (odd kernels)
  bool weight_norm = false;  // weight = g * v / |v|, the norm for each output channel
  bool zero = false;         // starts at zero (the last layer of a coupling's net)
};

// weight (or weight_v) [Cout, K, Cin], weight_g [Cout], bias [Cout].
class Conv : public torch::nn::Module {
 public:
  explicit Conv(const ConvOptions& options);
  Tensor forward(const Tensor& x);  // [T, B, Cin] -> [T, B, Cout]
  // The output channels in blocks of `size`, each a product of its own: cheaper than splitting the
  // output, because the gradients of the blocks meet in the weight and not in the activations.
  struct Block {
    Tensor weight, bias;
  };
  std::vector<Block> blocks(int64_t size) const;
  Tensor forward(const Tensor& x, const Block& block) const;
  Tensor effective_weight() const;
  const Tensor& bias() const { return bias_; }
  int64_t dilation() const { return options_.dilation; }
  int64_t left() const;  // frames that the first tap reads before the present one
  // Draws weight and bias anew: uniform in +-scale / sqrt(Cin * K).
  void randomize(double scale);
  // Takes another effective weight [Cout, K, Cin] and bias [Cout].
  void set(const Tensor& weight, const Tensor& bias);
  double macs_per_frame() const;

 private:
  ConvOptions options_;
  Tensor weight_, weight_g_, bias_;
};

// One filter for each channel: weight [K, C], bias [C].
class DepthwiseConv : public torch::nn::Module {
 public:
  DepthwiseConv(int64_t channels, int64_t kernel, int64_t dilation, bool causal);
  Tensor forward(const Tensor& x);  // [T, B, C] -> [T, B, C]
  double macs_per_frame() const;

 private:
  int64_t dilation_, left_;
  Tensor weight_, bias_;
};

}  // namespace glowvox::flow

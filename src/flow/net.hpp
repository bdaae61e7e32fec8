// SPDX-License-Identifier: MIT
// The networks inside couplings.
#pragma once

#include <memory>
#include <vector>

#include "config/model_config.hpp"
#include "flow/conv.hpp"

namespace glowvox::flow {

// [T, B, in] and features [T, B, F] -> [T, B, out]: a 1x1 convolution at the start, gated layers
// that each take their share of the condition, a 1x1 convolution at the end. The last one starts at
// zero, so that a coupling starts as the identity.
class Net : public torch::nn::Module {
 public:
  Net(int64_t in, int64_t out, int64_t features, const config::NetConfig& config);
  virtual Tensor forward(const Tensor& x, const Tensor& features);
  double macs_per_frame() const;
  void randomize();  // the last convolution, to small values
  // Becomes nearly what a net of the same kind with more channels computes of x and its own
  // features (see narrowing.hpp). Throws Error where the kind cannot.
  virtual void narrow(Net& wide, const Tensor& x, const Tensor& wide_features,
                      const Tensor& features);
  const Conv& condition() const { return *cond_; }  // what reads the features

 protected:
  // The layers between start and end; conditions: what each layer's share is made with.
  virtual Tensor layers(Tensor h, const Tensor& features,
                        const std::vector<Conv::Block>& conditions) = 0;
  virtual double layers_macs_per_frame() const = 0;

  const int64_t channels_;
  std::shared_ptr<Conv> start_, cond_, end_;
};

// Dilated gated convolutions with residual and skip paths (WaveGlow's WN; van den Oord et al.
// 2016).
class Wavenet : public Net {
 public:
  Wavenet(int64_t in, int64_t out, int64_t features, const config::NetConfig& config);
  Tensor forward(const Tensor& x, const Tensor& features) override;
  void narrow(Net& wide, const Tensor& x, const Tensor& wide_features,
              const Tensor& features) override;

 protected:
  Tensor layers(Tensor h, const Tensor& features,
                const std::vector<Conv::Block>& conditions) override;
  double layers_macs_per_frame() const override;

 private:
  struct Trace;
  Trace trace(const Tensor& x, const Tensor& features);
  // Adds what a layer makes of its gated activations to the residual path h and to the skips.
  void add_outputs(size_t layer, const Tensor& act, Tensor& h, Tensor& skip) const;

  std::vector<std::shared_ptr<Conv>> dilated_, res_skip_;
};

// SqueezeWave's: affine, depthwise and pointwise convolution, gate, residual; no skip path. The
// affine stands where SqueezeWave has a batch normalisation.
class Separable : public Net {
 public:
  Separable(int64_t in, int64_t out, int64_t features, const config::NetConfig& config);

 protected:
  Tensor layers(Tensor h, const Tensor& features,
                const std::vector<Conv::Block>& conditions) override;
  double layers_macs_per_frame() const override;

 private:
  std::vector<Tensor> scale_, shift_;
  std::vector<std::shared_ptr<DepthwiseConv>> depthwise_;
  std::vector<std::shared_ptr<Conv>> pointwise_, residual_;
};

std::shared_ptr<Net> make_net(int64_t in, int64_t out, int64_t features,
                              const config::NetConfig& config);

}  // namespace glowvox::flow

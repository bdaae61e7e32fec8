// The networks inside couplings.
#pragma once

#include <memory>
#include <vector>

#include "flow/conv.hpp"
#include "format/config.hpp"

namespace glowvox::flow {

// [T, B, in] and features [T, B, F] -> [T, B, out]. Its last layer starts at zero, so that a
// coupling starts as the identity.
class Net : public torch::nn::Module {
 public:
  virtual Tensor forward(const Tensor& x, const Tensor& features) = 0;
  virtual double macs_per_frame() const = 0;
  virtual void randomize() = 0;  // the last layer, to small values
};

// Dilated gated convolutions with residual and skip paths (WaveGlow's WN; van den Oord et al.
// 2016).
class Wavenet : public Net {
 public:
  Wavenet(int64_t in, int64_t out, int64_t features, const format::NetConfig& config);
  Tensor forward(const Tensor& x, const Tensor& features) override;
  double macs_per_frame() const override;
  void randomize() override;

 private:
  int64_t channels_;
  std::shared_ptr<Conv> start_, cond_, end_;
  std::vector<std::shared_ptr<Conv>> dilated_, res_skip_;
};

// SqueezeWave's: affine, depthwise and pointwise convolution, gate, residual; no skip path. The
// affine stands where SqueezeWave has a batch normalisation.
class Separable : public Net {
 public:
  Separable(int64_t in, int64_t out, int64_t features, const format::NetConfig& config);
  Tensor forward(const Tensor& x, const Tensor& features) override;
  double macs_per_frame() const override;
  void randomize() override;

 private:
  int64_t channels_;
  std::shared_ptr<Conv> start_, cond_, end_;
  std::vector<Tensor> scale_, shift_;
  std::vector<std::shared_ptr<DepthwiseConv>> depthwise_;
  std::vector<std::shared_ptr<Conv>> pointwise_, residual_;
};

std::shared_ptr<Net> make_net(int64_t in, int64_t out, int64_t features,
                              const format::NetConfig& config);

}  // namespace glowvox::flow

// What brings channels together between couplings.
#pragma once

#include <memory>

#include "flow/layer.hpp"
#include "format/config.hpp"

namespace glowvox::flow {

// A dense matrix over channels, z = W x (Glow, section 3.2; WaveGlow). Starts as a random rotation.
class Conv1x1 : public Layer {
 public:
  Conv1x1(const std::string& name, int64_t channels);
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor inverse(const Tensor& z, const Condition& condition) override;
  void check_invertible() const override;
  double macs_per_frame() const override { return static_cast<double>(weight_.numel()); }

 private:
  Tensor weight_;  // [C, C]
};

// W = P L (U + diag(sign * exp(log_s))) (Glow, equation 10): P and the signs are fixed, so W can
// never become singular by training.
class Lu : public Layer {
 public:
  Lu(const std::string& name, int64_t channels);
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor inverse(const Tensor& z, const Condition& condition) override;
  void check_invertible() const override;
  double macs_per_frame() const override { return static_cast<double>(permutation_.numel()); }

 private:
  Tensor matrix() const;
  Tensor permutation_, lower_, upper_, sign_, log_s_;
};

// Channels in reverse order (NICE, Real NVP) or halves swapped; log-det 0.
class Permutation : public Layer {
 public:
  Permutation(const std::string& name, bool reverse) : Layer(name), reverse_(reverse) {}
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor inverse(const Tensor& z, const Condition& condition) override;

 private:
  Tensor permute(const Tensor& x) const;
  bool reverse_;
};

// Null for MixingKind::kNone.
std::shared_ptr<Layer> make_mixing(const std::string& name, format::MixingKind kind,
                                   int64_t channels);

}  // namespace glowvox::flow

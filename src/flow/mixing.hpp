// SPDX-License-Identifier: MIT
// What brings channels together between couplings.
#pragma once

#include <memory>

#include "config/model_config.hpp"
#include "flow/layer.hpp"

namespace glowvox::flow {

// z = W x, W = mixing_matrix() [C, C]. forward() of a singular one has a log_det that is not
// finite, and so has inverse() its values; check_invertible() throws.
class DenseMixing : public Layer {
 public:
  using Layer::Layer;
  Tensor inverse(const Tensor& z, const Condition& condition) override;
  void check_invertible() const override;
};

// A dense matrix over channels (Glow, section 3.2; WaveGlow).
class Conv1x1 : public DenseMixing {
 public:
  Conv1x1(const std::string& name, int64_t channels,
          config::MixingStart start = config::MixingStart::kRotation);
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor mixing_matrix() const override { return weight_; }
  double macs_per_frame() const override { return static_cast<double>(weight_.numel()); }

 private:
  Tensor weight_;  // [C, C]
};

// W = P L (U + diag(sign * exp(log_s))) (Glow, equation 10): P and the signs are fixed, so W can
// never become singular by training.
class Lu : public DenseMixing {
 public:
  Lu(const std::string& name, int64_t channels,
     config::MixingStart start = config::MixingStart::kRotation);
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor mixing_matrix() const override;
  double macs_per_frame() const override { return static_cast<double>(triangles_.numel()); }

 private:
  // triangles [C, C]: L below the diagonal, U above it; sign, log_s [C]: U's diagonal; order [C]:
  // row r of W is row order[r] of L U.
  Tensor triangles_, sign_, log_s_, order_;
};

// Channels in reverse order (NICE, Real NVP) or halves swapped; log-det 0.
class Permutation : public Layer {
 public:
  // kind: kReverse or kSwap.
  Permutation(const std::string& name, config::MixingKind kind) : Layer(name), kind_(kind) {}
  Output forward(const Tensor& x, const Condition& condition) override;
  Tensor inverse(const Tensor& z, const Condition& condition) override;

 private:
  Tensor permute(const Tensor& x) const;
  config::MixingKind kind_;
};

// Largest over smallest singular value of a mixing matrix [C, C]; NaN when it is not finite.
double condition_number(const Tensor& W);

// Null for MixingKind::kNone.
std::shared_ptr<Layer> make_mixing(const std::string& name, config::MixingKind kind,
                                   config::MixingStart start, int64_t channels);

}  // namespace glowvox::flow

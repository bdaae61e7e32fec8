// SPDX-License-Identifier: MIT
// The layer contract. Activations are time-major, [T, B, C]: a convolution's taps are then
// contiguous row ranges, and a 1x1 convolution is one matrix product over time and batch.
#pragma once

#include <torch/torch.h>

#include <string>

namespace glowvox::flow {

using torch::Tensor;

struct Output {
  Output(const Tensor& latent, const Tensor& frames)
      : z(latent), frame_log_det(frames), log_det(frames.sum(0)) {}
  Tensor z;              // [T, B, C]
  Tensor frame_log_det;  // [T, B], what each frame adds to log_det
  Tensor log_det;        // [B], log|det dz/dx|
  // [T, B, C], what each channel adds to frame_log_det; undefined where the layer moves channels or
  // mixes them in no order, and while gradients are recorded: training does not ask for it.
  Tensor channel_log_det;
};

// Whether layers should fill Output::channel_log_det where they can.
inline bool wants_channels() { return !torch::GradMode::is_enabled(); }

// What the mel says, at the rate of the lifted frames.
struct Condition {
  Tensor mel;       // [T, B, bands], natural log of magnitude
  Tensor features;  // [T, B, F], the conditioner's output
};

// Takes the weights of a module of the same shape.
void copy_weights(torch::nn::Module& to, const torch::nn::Module& from);

// One invertible layer. A name ("step_3_mixing") appears in every error.
class Layer : public torch::nn::Module {
 public:
  explicit Layer(const std::string& layer_name) : layer_name_(layer_name) {}
  virtual Output forward(const Tensor& x, const Condition& condition) = 0;
  virtual Tensor inverse(const Tensor& z, const Condition& condition) = 0;
  // Sets data-dependent parameters from a batch (Glow, section 3.1); most layers have none.
  virtual void initialize(const Tensor& /*x*/, const Condition& /*condition*/) {}
  // Becomes nearly what `wide` computes of x, a layer of the same kind whose net has more channels,
  // or whose features come from a conditioner with more; what has no net takes its weights.
  virtual void narrow(Layer& wide, const Tensor& x, const Condition& wide_condition,
                      const Condition& condition);
  // What reads the features, weights [O, F]; undefined where nothing does.
  virtual Tensor reads_features() const { return {}; }
  // Makes a layer that starts as the identity act, for tests and timing.
  virtual void randomize() {}
  // Throws Error when the layer cannot be inverted numerically.
  virtual void check_invertible() const {}
  // The matrix over channels of a layer that is one, [C, C]; undefined for all others.
  virtual Tensor mixing_matrix() const { return {}; }
  // Multiply-accumulates for one lifted frame.
  virtual double macs_per_frame() const { return 0.0; }
  const std::string& layer_name() const { return layer_name_; }

 private:
  std::string layer_name_;
};

}  // namespace glowvox::flow

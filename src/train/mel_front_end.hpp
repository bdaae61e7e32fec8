// The log-mel of training segments by LibTorch's operators, for a device of its own.
#pragma once

#include <torch/torch.h>

#include "glowvox/mel.hpp"

namespace glowvox::train {

// What glowvox::log_mel computes without padding (MelPadding::kNone), for a batch on any device, in
// float: magnitudes far below a frame's loudest carry the rounding of a float transform.
class MelFrontEnd {
 public:
  MelFrontEnd(const MelSpec& spec, const torch::Device& device);
  torch::Tensor operator()(const torch::Tensor& audio) const;  // [B, N] -> [B, F, bands]

 private:
  MelSpec spec_;
  torch::Tensor window_, bank_;  // [n_fft], [bins, bands]
};

}  // namespace glowvox::train

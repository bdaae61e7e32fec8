// SPDX-License-Identifier: MIT
#include "flow/layer.hpp"

namespace glowvox::flow {

void copy_weights(torch::nn::Module& to, const torch::nn::Module& from) {
  const torch::NoGradGuard no_grad;
  const auto weights = from.named_parameters(), buffers = from.named_buffers();
  for (const auto& item : to.named_parameters()) item.value().copy_(weights[item.key()]);
  for (const auto& item : to.named_buffers()) item.value().copy_(buffers[item.key()]);
}

void Layer::narrow(Layer& wide, const Tensor& /*x*/, const Condition& /*wide_condition*/,
                   const Condition& /*condition*/) {
  copy_weights(*this, wide);
}

}  // namespace glowvox::flow

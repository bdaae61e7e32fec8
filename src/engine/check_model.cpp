// SPDX-License-Identifier: MIT
#include "engine/check_model.hpp"

#include "engine/prepared.hpp"

namespace glowvox::engine {

void check_model(const safetensors::Safetensors& file, const config::ModelConfig& config,
                 const std::string& where) {
  Weights::Tensors views;
  for (const auto& [name, tensor] : file.tensors)
    views[name] = {tensor.dtype, tensor.shape, tensor.bytes.data(), tensor.bytes.size()};
  prepare(Weights(views, where), config, DType::kFloat32);
}

}  // namespace glowvox::engine

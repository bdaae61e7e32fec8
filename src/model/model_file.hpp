// SPDX-License-Identifier: MIT
// The model file: one safetensors file with the whole configuration in its metadata.
#pragma once

#include <memory>
#include <string>

#include "model/flow_vocoder.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::model {

// Written atomically; half: weights as F16.
void save_model(const std::string& path, const FlowVocoder& model, bool half = false);

// Throws Error naming the file and the tensor when anything is missing, extra, misshapen or not
// finite, and the step when its mixing cannot be inverted.
std::shared_ptr<FlowVocoder> load_model(const std::string& path);

// For checkpoints: tensors of any dtype to and from the container.
safetensors::Tensor to_stored(const Tensor& tensor);
Tensor from_stored(const safetensors::Tensor& stored);

// Copies every parameter and buffer of `file` into the model by name (prefix + name in the file).
void load_weights(FlowVocoder& model, const safetensors::Safetensors& file,
                  const std::string& where, const std::string& prefix = "");

}  // namespace glowvox::model

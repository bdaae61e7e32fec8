// SPDX-License-Identifier: MIT
#include "model/model_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

#include "glowvox/error.hpp"
#include "safetensors/model_metadata.hpp"

namespace glowvox::model {

namespace {

struct DtypeName {
  at::ScalarType type;
  const char* name;
};
constexpr DtypeName kDtypes[] = {{at::kFloat, "F32"},  {at::kHalf, "F16"}, {at::kBFloat16, "BF16"},
                                 {at::kDouble, "F64"}, {at::kLong, "I64"}, {at::kInt, "I32"},
                                 {at::kByte, "U8"}};

// Every parameter and buffer, by name.
std::vector<std::pair<std::string, Tensor>> named_weights(const FlowVocoder& model) {
  std::vector<std::pair<std::string, Tensor>> weights;
  for (const auto& p : model.named_parameters()) weights.emplace_back(p.key(), p.value());
  for (const auto& b : model.named_buffers()) weights.emplace_back(b.key(), b.value());
  return weights;
}

}  // namespace

safetensors::Tensor to_stored(const Tensor& tensor) {
  const Tensor t = tensor.detach().cpu().contiguous();
  for (const auto& [type, name] : kDtypes) {
    if (t.scalar_type() != type) continue;
    return {name, t.sizes().vec(),
            std::string(static_cast<const char*>(t.data_ptr()), t.numel() * t.element_size())};
  }
  throw Error("tensor", fmt::format("dtype {} cannot be stored", toString(t.scalar_type())));
}

Tensor from_stored(const safetensors::Tensor& stored) {
  for (const auto& [type, name] : kDtypes) {
    if (stored.dtype != name) continue;
    Tensor t = torch::empty(stored.shape, torch::TensorOptions().dtype(type));
    if (!stored.bytes.empty())  // then neither has an address
      std::memcpy(t.data_ptr(), stored.bytes.data(), stored.bytes.size());
    return t;
  }
  throw Error("tensor", "dtype " + stored.dtype + " is not supported");
}

void load_weights(FlowVocoder& model, const safetensors::Safetensors& file,
                  const std::string& where, const std::string& prefix) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, weight] : named_weights(model)) {
    const auto found = file.tensors.find(prefix + name);
    if (found == file.tensors.end())
      throw Error(where, "tensor '" + prefix + name + "' is missing");
    if (found->second.shape != weight.sizes().vec())
      throw Error(where, fmt::format("tensor '{}': expected shape {}, got {}", prefix + name,
                                     weight.sizes().vec(), found->second.shape));
    const Tensor value = from_stored(found->second).to(weight.scalar_type());
    if (!torch::isfinite(value).all().item<bool>())
      throw Error(where, "tensor '" + prefix + name + "' holds values that are not finite");
    Tensor target = weight;
    target.copy_(value);
  }
}

void save_model(const std::string& path, const FlowVocoder& model, bool half) {
  safetensors::Safetensors file;
  file.metadata = safetensors::model_metadata(model.config());
  for (const auto& [name, weight] : named_weights(model)) {
    const Tensor value = half ? weight.to(at::kHalf) : weight;
    if (!torch::isfinite(value).all().item<bool>())
      throw Error(path, "cannot write: tensor '" + name + "' holds values that are not finite" +
                            (half ? " in half precision" : ""));
    file.tensors[name] = to_stored(value);
  }
  safetensors::write_safetensors(path, file);
}

std::shared_ptr<FlowVocoder> load_model(const std::string& path) {
  const safetensors::Safetensors file = safetensors::read_safetensors(path);
  auto model = std::make_shared<FlowVocoder>(safetensors::model_config(file.metadata, path));
  load_weights(*model, file, path);
  const auto expected = named_weights(*model).size();
  if (file.tensors.size() != expected)
    throw Error(path, fmt::format("expected {} tensors for this configuration, got {}", expected,
                                  file.tensors.size()));
  try {
    model->check_invertible();
  } catch (const Error& e) {
    throw Error(path, e.what());
  }
  model->eval();
  return model;
}

}  // namespace glowvox::model

// SPDX-License-Identifier: MIT
#include "pytorch/state_dict.hpp"

#include <fmt/format.h>

#include "glowvox/error.hpp"
#include "safetensors/floats.hpp"

namespace glowvox::pytorch {

namespace {

using Kind = PickleValue::Kind;

// Where programs put the weights; the first that is there counts.
constexpr const char* kWrappers[] = {"state_dict", "model_state_dict", "model", "generator",
                                     "waveglow",   "network",          "net",   "ema"};
constexpr int kMostDepth = 32;
// A hostile file may refer to one dictionary or module from many places.
constexpr std::size_t kMostEntries = 1'000'000;  // looked at in all
constexpr std::size_t kMostTensors = 100'000;
constexpr std::size_t kMostNameBytes = 4096;

bool has_entries(const PickleValue& value) {
  return value.is(Kind::kDict) || value.is(Kind::kObject);
}

}  // namespace

StateDict::StateDict(const std::string& path) : path_(path) {
  {
    const MappedFile file(path);
    if (!TorchFile::recognizes(file.data(), file.size())) {
      if (!safetensors::MappedSafetensors::recognizes(file.data(), file.size()))
        throw Error(path, "is neither a PyTorch file nor a safetensors file");
      safetensors_ = std::make_unique<safetensors::MappedSafetensors>(path);
      container_ = "safetensors";
    }
  }
  if (safetensors_) {
    for (const auto& [name, view] : safetensors_->tensors())
      entries_[name] = {view.dtype, view.shape};
  } else {
    torch_ = std::make_unique<TorchFile>(path);
    container_ = torch_->is_zip() ? "zip archive" : "legacy format";
    collect(torch_->root(), 0);
    for (const auto& [name, tensor] : tensors_) entries_[name] = {tensor.dtype, tensor.shape};
  }
  if (entries_.empty())
    throw Error(path, "holds no named tensors", "save the state dict of a model");
}

// Counts what the loops over a dictionary cost.
void StateDict::look_at(const PickleValue& dictionary) {
  entries_seen_ += dictionary.entries.size() + 1;
  if (entries_seen_ > kMostEntries || tensors_.size() > kMostTensors)
    throw Error(path_, fmt::format("it has more than {} tensors, or as many references to them",
                                   kMostTensors));
}

// The named tensors of a dictionary; false when it has none.
bool StateDict::collect_dictionary(const PickleValue& dictionary) {
  bool any = false;
  look_at(dictionary);
  for (const auto& [key, value] : dictionary.entries) {
    if (!key->is(Kind::kText)) continue;
    const auto tensor = torch_->tensor(*value);
    if (!tensor) continue;
    tensors_[key->text] = *tensor;
    any = true;
  }
  return any;
}

void StateDict::collect(const PickleValue& value, int depth) {
  if (!has_entries(value) || depth > kMostDepth || !seen_.insert(&value).second) return;
  if (value.find("_modules") != nullptr) {
    container_ += ", pickled module";
    collect_module(value, "", depth);
    return;
  }
  for (const char* wrapper : kWrappers) {
    const PickleValue* inner = value.find(wrapper);
    if (inner == nullptr || !has_entries(*inner)) continue;
    collect(*inner, depth + 1);
    if (!tensors_.empty()) return;
  }
  if (collect_dictionary(value)) container_ += ", state dict";
}

// torch.nn.Module keeps its tensors in the dictionaries _parameters, _buffers and _modules.
void StateDict::collect_module(const PickleValue& module, const std::string& prefix, int depth) {
  if (depth > kMostDepth || prefix.size() > kMostNameBytes)
    throw Error(path_, fmt::format("its modules are nested more than {} deep or have names of more "
                                   "than {} bytes",
                                   kMostDepth, kMostNameBytes));
  for (const char* kind : {"_parameters", "_buffers"}) {
    const PickleValue* tensors = module.find(kind);
    if (tensors == nullptr) continue;
    look_at(*tensors);
    for (const auto& [name, value] : tensors->entries) {
      const auto tensor = torch_->tensor(*value);
      if (tensor && name->text.size() <= kMostNameBytes) tensors_[prefix + name->text] = *tensor;
    }
  }
  const PickleValue* stride = module.find("stride");
  if (stride != nullptr && stride->is(Kind::kTuple) && stride->items.size() == 1)
    strides_[prefix] = stride->items.front()->integer;
  const PickleValue* modules = module.find("_modules");
  if (modules == nullptr) return;
  look_at(*modules);
  for (const auto& [name, inner] : modules->entries)
    collect_module(*inner, prefix + name->text + ".", depth + 1);
}

std::vector<float> StateDict::floats(const std::string& name) const {
  const std::string where = path_ + ": tensor '" + name + "'";
  if (safetensors_) {
    const safetensors::TensorView& view = safetensors_->tensors().at(name);
    return safetensors::to_floats(view.dtype, view.data, view.bytes, where);
  }
  const safetensors::Tensor tensor = torch_->dense(tensors_.at(name), name);
  return safetensors::to_floats(tensor.dtype, tensor.bytes.data(), tensor.bytes.size(), where);
}

std::int64_t StateDict::stride_of(const std::string& module) const {
  const auto found = strides_.find(module + ".");
  return found == strides_.end() ? 0 : found->second;
}

}  // namespace glowvox::pytorch

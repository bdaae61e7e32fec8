// SPDX-License-Identifier: MIT
// Tensors as a pickle describes them.
#pragma once

#include <optional>
#include <string>

#include "pytorch/pickle.hpp"
#include "pytorch/torch_file.hpp"

namespace glowvox::pytorch {

struct TorchStorage {
  std::string dtype;  // as safetensors names them; "U8" for an untyped one
  std::uint64_t item_bytes = 1;
  std::string key;
  std::uint64_t count = 0;  // of values, from the start of the whole storage
  std::int64_t offset = 0;  // of a view of it
};

// What a persistent identification says. Throws Error naming `where` when it is malformed.
TorchStorage torch_storage(const PickleValue& value, const std::string& where);

// The tensor or parameter that a value stands for; nothing where it is something else. Throws Error
// for one that is malformed, is of a type that holds no plain numbers, or leaves its storage.
std::optional<TorchTensor> torch_tensor(const PickleValue& value, const std::string& where);

// The values of a tensor in its storage, row-major.
safetensors::Tensor gather(const TorchTensor& tensor, const std::string& storage,
                           const std::string& where);

}  // namespace glowvox::pytorch

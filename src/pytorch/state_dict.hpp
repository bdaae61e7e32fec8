// SPDX-License-Identifier: MIT
// The named tensors of a checkpoint, whoever wrote it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pytorch/torch_file.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::pytorch {

// A PyTorch file or a safetensors file, told apart by its first bytes. In a PyTorch file the
// tensors may stand at the top, under state_dict, model or generator (and what they hold), or in a
// pickled module's parameters and buffers. Throws Error naming the file when it is neither, is
// damaged, or holds no named tensors.
class StateDict {
 public:
  explicit StateDict(const std::string& path);

  struct Entry {
    std::string dtype;
    std::vector<std::int64_t> shape;
  };
  const std::string& path() const { return path_; }
  const std::map<std::string, Entry>& entries() const { return entries_; }
  std::vector<float> floats(const std::string& name) const;
  // How the tensors were stored, in words: "zip archive, pickled module".
  const std::string& container() const { return container_; }
  // The `stride` of a convolution in a pickled module; 0 where nobody says.
  std::int64_t stride_of(const std::string& module) const;

 private:
  void collect(const PickleValue& value, int depth);
  void look_at(const PickleValue& dictionary);
  bool collect_dictionary(const PickleValue& dictionary);
  void collect_module(const PickleValue& module, const std::string& prefix, int depth);

  std::string path_, container_;
  std::unique_ptr<safetensors::MappedSafetensors> safetensors_;
  std::unique_ptr<TorchFile> torch_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, TorchTensor> tensors_;
  std::map<std::string, std::int64_t> strides_;
  std::set<const PickleValue*> seen_;
  std::size_t entries_seen_ = 0;
};

}  // namespace glowvox::pytorch

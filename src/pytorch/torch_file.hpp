// SPDX-License-Identifier: MIT
// What torch.save wrote: zip archives (PyTorch 1.6 and later) and the format before them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/mapped_file.hpp"
#include "core/zip_archive.hpp"
#include "pytorch/pickle.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::pytorch {

// Where a tensor's values lie in its storage; offset and strides in values.
struct TorchTensor {
  std::string dtype;  // as safetensors names them
  std::vector<std::int64_t> shape, strides;
  std::int64_t offset = 0;
  std::string storage;
  std::uint64_t storage_bytes = 0;
};

// Throws Error naming the file for anything malformed, and for pickles that ask for more than data
// (see Pickle). Every extent is checked against its storage before anything is read.
class TorchFile {
 public:
  explicit TorchFile(const std::string& path);
  // From bytes that the caller keeps.
  TorchFile(const char* data, std::size_t size, const std::string& path);

  // Whether bytes begin like one of the formats.
  static bool recognizes(const char* data, std::size_t size);

  const std::string& path() const { return path_; }
  const PickleValue& root() const { return pickle_->root(); }
  bool is_zip() const { return zip_ != nullptr; }
  // The tensor or parameter that a value stands for; nothing where it is something else.
  std::optional<TorchTensor> tensor(const PickleValue& value) const;
  // Its values, row-major; `name` for errors.
  safetensors::Tensor dense(const TorchTensor& tensor, const std::string& name) const;

 private:
  struct Span {
    std::uint64_t begin = 0, bytes = 0;
  };
  void open(const char* data, std::size_t size);
  void open_zip(const char* data, std::size_t size);
  void open_legacy(const char* data, std::size_t size);
  void find_storages(const char* data, std::size_t size, std::size_t at);
  const std::string& storage(const TorchTensor& tensor) const;

  std::string path_;
  std::unique_ptr<MappedFile> file_;
  std::unique_ptr<ZipReader> zip_;
  std::string zip_folder_;  // of the archive's entries, "name/"
  std::unique_ptr<Pickle> pickle_;
  const char* data_ = nullptr;
  std::map<std::string, Span> spans_;    // storages of the legacy format
  mutable std::string held_key_, held_;  // the storage read last: neighbours often share it
};

}  // namespace glowvox::pytorch

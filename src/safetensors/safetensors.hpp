// SPDX-License-Identifier: MIT
// The safetensors container: 8 bytes of header length, JSON header, raw little-endian payload.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/mapped_file.hpp"

namespace glowvox::safetensors {

struct Tensor {
  std::string dtype;  // as in the format: "F32", "F16", "BF16", "F64", "I64", "U8"
  std::vector<std::int64_t> shape;
  std::string bytes;  // row-major, little-endian
};

struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
};

// A tensor where it lies in the mapped file.
struct TensorView {
  std::string dtype;
  std::vector<std::int64_t> shape;
  const char* data = nullptr;
  std::size_t bytes = 0;
};

// Checks the header's length, every dtype, shape and offset against the file before anything is
// used (no overlap, no hole, nothing past the end); throws Error naming file and tensor.
class MappedSafetensors {
 public:
  explicit MappedSafetensors(const std::string& path);
  // The same of bytes in memory; name: for messages.
  MappedSafetensors(std::string bytes, const std::string& name);
  // Gives the memory of what was touched back to the system, and whether a file was written to in
  // place since (see MappedFile).
  void forget() const;
  bool rewritten() const;
  // Whether bytes begin like one: a header's length in 8 bytes, then JSON.
  static bool recognizes(const char* data, std::size_t size);
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }

 private:
  void read(const char* data, std::size_t size, const std::string& path);

  std::unique_ptr<MappedFile> file_;  // null: in memory
  std::string bytes_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, TensorView> tensors_;
};

// Bytes that a type and a shape ask for; throws Error naming path and tensor when there is no such
// type or they do not fit in 63 bits.
std::uint64_t size_bytes(const std::string& dtype, const std::vector<std::int64_t>& shape,
                         const std::string& path, const std::string& name);

constexpr std::uint64_t kMostHeaderBytes = 100'000'000;  // the reference implementation's limit
constexpr const char* kMetadata = "__metadata__";        // a header's entry that is no tensor

// The same, copied.
Safetensors read_safetensors(const std::string& path);
void write_safetensors(const std::string& path, const Safetensors& file);  // atomically

}  // namespace glowvox::safetensors

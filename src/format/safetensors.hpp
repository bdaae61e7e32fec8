// The safetensors container: 8 bytes of header length, JSON header, raw little-endian payload.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/mapped_file.hpp"

namespace glowvox::format {

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
  // Whether bytes begin like one: a header's length in 8 bytes, then JSON.
  static bool recognizes(const char* data, std::size_t size);
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }

 private:
  MappedFile file_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, TensorView> tensors_;
};

// The same, copied.
Safetensors read_safetensors(const std::string& path);
void write_safetensors(const std::string& path, const Safetensors& file);  // atomically

}  // namespace glowvox::format

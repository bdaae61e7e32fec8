// The safetensors container: 8 bytes of header length, JSON header, raw little-endian payload.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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

// Checks the header's length, every dtype, shape and offset against the file before anything is
// used (no overlap, no hole, nothing past the end); throws Error naming file and tensor.
Safetensors read_safetensors(const std::string& path);
void write_safetensors(const std::string& path, const Safetensors& file);  // atomically

}  // namespace glowvox::format

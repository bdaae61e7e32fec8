// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::safetensors {

void write_safetensors(const std::string& path, const Safetensors& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) header[kMetadata] = file.metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : file.tensors) {
    if (name == kMetadata) throw Error(path, "a tensor cannot be named __metadata__");
    const std::uint64_t expected = size_bytes(tensor.dtype, tensor.shape, path, name);
    if (tensor.bytes.size() != expected)
      throw Error(path, fmt::format("tensor '{}' to be written has {} bytes, expected {}", name,
                                    tensor.bytes.size(), expected));
    header[name] = {{"dtype", tensor.dtype},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + expected}}};
    offset += expected;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(path, "a name or metadata value to be written is not UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > kMostHeaderBytes)
    throw Error(path, fmt::format("header of {} bytes, the format allows {}", text.size(),
                                  kMostHeaderBytes));
  std::string length;
  for (int shift = 0; shift < 64; shift += 8)
    length += static_cast<char>((std::uint64_t{text.size()} >> shift) & 255);

  AtomicFile out(path);
  out.write(length.data(), length.size());
  out.write(text.data(), text.size());
  for (const auto& entry : file.tensors)
    out.write(entry.second.bytes.data(), entry.second.bytes.size());
  out.commit();
}

}  // namespace glowvox::safetensors

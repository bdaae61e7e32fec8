// SPDX-License-Identifier: MIT
#include "safetensors/floats.hpp"

#include <cstdint>
#include <cstring>

#include "core/half.hpp"
#include "glowvox/error.hpp"

namespace glowvox::safetensors {

namespace {

template <typename Stored, typename Convert>
std::vector<float> converted(const char* data, std::size_t bytes, Convert&& convert) {
  std::vector<float> values(bytes / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored item;
    std::memcpy(&item, data + i * sizeof item, sizeof item);
    values[i] = convert(item);
  }
  return values;
}

float from_bfloat16(std::uint16_t upper) {
  const std::uint32_t bits = std::uint32_t{upper} << 16;
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

std::vector<float> to_floats(const std::string& dtype, const char* data, std::size_t bytes,
                             const std::string& where) {
  if (dtype == "F32") return converted<float>(data, bytes, [](float v) { return v; });
  if (dtype == "F16") return converted<std::uint16_t>(data, bytes, half_to_float);
  if (dtype == "BF16") return converted<std::uint16_t>(data, bytes, from_bfloat16);
  if (dtype == "F64")
    return converted<double>(data, bytes, [](double v) { return static_cast<float>(v); });
  throw Error(where, "has type " + dtype + ", expected F16, BF16, F32 or F64");
}

Tensor to_tensor(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  std::string bytes;
  if (!values.empty())
    bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return {"F32", std::move(shape), std::move(bytes)};
}

}  // namespace glowvox::safetensors

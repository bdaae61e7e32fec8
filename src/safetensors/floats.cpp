// SPDX-License-Identifier: MIT
#include "safetensors/floats.hpp"

#include <Eigen/Core>
#include <cstring>

#include "glowvox/error.hpp"

namespace glowvox::safetensors {

namespace {

template <typename Stored>
std::vector<float> converted(const char* data, std::size_t bytes) {
  std::vector<float> values(bytes / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored item;
    std::memcpy(&item, data + i * sizeof item, sizeof item);
    values[i] = static_cast<float>(item);
  }
  return values;
}

}  // namespace

std::vector<float> to_floats(const std::string& dtype, const char* data, std::size_t bytes,
                             const std::string& where) {
  if (dtype == "F32") return converted<float>(data, bytes);
  if (dtype == "F16") return converted<Eigen::half>(data, bytes);
  if (dtype == "BF16") return converted<Eigen::bfloat16>(data, bytes);
  if (dtype == "F64") return converted<double>(data, bytes);
  throw Error(where, "has type " + dtype + ", expected F16, BF16, F32 or F64");
}

Tensor to_tensor(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  std::string bytes;
  if (!values.empty())
    bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return {"F32", std::move(shape), std::move(bytes)};
}

}  // namespace glowvox::safetensors

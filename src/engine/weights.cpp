// SPDX-License-Identifier: MIT
#include "engine/weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/kernels.hpp"
#include "glowvox/error.hpp"
#include "safetensors/floats.hpp"

namespace glowvox::engine {

namespace {

std::vector<float> decode(const safetensors::TensorView& view, std::size_t count,
                          const std::string& where) {
  if (view.dtype != "F16") return safetensors::to_floats(view.dtype, view.data, view.bytes, where);
  std::vector<float> values(count);
  decode_half(view.data, count, values.data());
  return values;
}

bool all_finite(const std::vector<float>& values) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  std::uint32_t bad = 0;
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    bad |= static_cast<std::uint32_t>((bits & kExponent) == kExponent);
  }
  return bad == 0;
}

}  // namespace

Weights::Weights(const Tensors& tensors, std::string where)
    : tensors_(&tensors), where_(std::move(where)), used_(std::make_shared<Used>()) {}

Weights Weights::operator/(const std::string& name) const {
  Weights inner = *this;
  inner.prefix_ += name + ".";
  return inner;
}

bool Weights::has(const std::string& name) const { return tensors_->count(prefix_ + name) > 0; }

std::vector<float> Weights::tensor(const std::string& name,
                                   const std::vector<std::int64_t>& shape) const {
  const std::string full = prefix_ + name;
  const auto found = tensors_->find(full);
  if (found == tensors_->end()) throw Error(where_, "tensor '" + full + "' is missing");
  const safetensors::TensorView& view = found->second;
  if (view.shape != shape)
    throw Error(where_, fmt::format("tensor '{}': expected shape [{}], got [{}]", full,
                                    fmt::join(shape, ", "), fmt::join(view.shape, ", ")));
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  std::vector<float> values = decode(view, count, where_ + ": tensor '" + full + "'");
  if (!all_finite(values))
    throw Error(where_, "tensor '" + full + "' holds values that are not finite");
  const std::lock_guard<std::mutex> lock(used_->mutex);
  used_->names.insert(full);
  return values;
}

Matrix Weights::convolution(int out, int taps, int in) const {
  Matrix matrix;
  matrix.out = out;
  matrix.taps = taps;
  matrix.in = in;
  if (!has("weight_v")) {
    matrix.weight = tensor("weight", {out, taps, in});
    return matrix;
  }
  matrix.weight = tensor("weight_v", {out, taps, in});
  const std::vector<float> g = tensor("weight_g", {out});
  const std::size_t size = static_cast<std::size_t>(taps) * in;
  for (int n = 0; n < out; ++n) {
    float* v = &matrix.weight[n * size];
    double square = 0.0;
    for (std::size_t i = 0; i < size; ++i) square += static_cast<double>(v[i]) * v[i];
    if (square == 0.0)
      throw Error(where_, fmt::format("tensor '{}weight_v': output channel {} is all zero, so its "
                                      "weight normalisation is undefined",
                                      prefix_, n));
    const double factor = g[static_cast<std::size_t>(n)] / std::sqrt(square);
    for (std::size_t i = 0; i < size; ++i) v[i] = static_cast<float>(v[i] * factor);
  }
  return matrix;
}

void Weights::check_all_used() const {
  for (const auto& entry : *tensors_)
    if (used_->names.count(entry.first) == 0)
      throw Error(where_, "tensor '" + entry.first + "' has no place in this configuration");
}

}  // namespace glowvox::engine

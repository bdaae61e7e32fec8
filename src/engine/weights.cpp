// SPDX-License-Identifier: MIT
#include "engine/weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/conversions.hpp"
#include "glowvox/error.hpp"
#include "safetensors/floats.hpp"

namespace glowvox::engine {

namespace {

bool all_finite(const float* values, std::size_t count) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof bits);
    bad |= static_cast<std::uint32_t>((bits & kExponent) == kExponent);
  }
  return bad == 0;
}

[[noreturn]] void refuse(const std::string& where, const std::string& tensor, const char* what) {
  throw Error(where, "tensor '" + tensor + "' " + what);
}

std::size_t count_of(const std::vector<std::int64_t>& shape) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

// `count` values of a tensor from number `first` on, all finite.
void read(const safetensors::TensorView& view, std::size_t first, std::size_t count,
          const std::string& where, const std::string& tensor, float* to) {
  if (count == 0) return;
  const std::size_t item = view.bytes / count_of(view.shape);
  const char* data = view.data + first * item;
  if (view.dtype == "F16") {
    decode_half(data, count, to);
  } else {
    const std::vector<float> values =
        safetensors::to_floats(view.dtype, data, count * item, where + ": tensor '" + tensor + "'");
    std::copy_n(values.begin(), count, to);
  }
  if (!all_finite(to, count)) refuse(where, tensor, "holds values that are not finite");
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

const safetensors::TensorView& Weights::find(const std::string& full,
                                             const std::vector<std::int64_t>& shape) const {
  const auto found = tensors_->find(full);
  if (found == tensors_->end()) refuse(where_, full, "is missing");
  const safetensors::TensorView& view = found->second;
  if (view.shape != shape)
    throw Error(where_, fmt::format("tensor '{}': expected shape [{}], got [{}]", full,
                                    fmt::join(shape, ", "), fmt::join(view.shape, ", ")));
  const std::lock_guard<std::mutex> lock(used_->mutex);
  used_->names.insert(full);
  return view;
}

std::vector<float> Weights::tensor(const std::string& name,
                                   const std::vector<std::int64_t>& shape) const {
  const std::string full = prefix_ + name;
  const safetensors::TensorView& view = find(full, shape);
  std::vector<float> values(count_of(shape));
  read(view, 0, values.size(), where_, full, values.data());
  return values;
}

// Those that the tensor has, as narrow as it has them.
MatrixRows Weights::plain_rows(const std::string& full, const safetensors::TensorView& view,
                               MatrixRows matrix) const {
  const std::size_t size = matrix.row_size();
  matrix.row = [&view, full, size, where = where_](int n, float* row) {
    read(view, static_cast<std::size_t>(n) * size, size, where, full, row);
  };
  const bool narrow = small_ != nullptr || narrow_weights_are_faster();
  if (narrow && view.dtype == "F16") matrix.stored = Storage::kHalf;
  if (narrow && view.dtype == "BF16") matrix.stored = Storage::kBfloat16;
  return matrix;
}

MatrixRows Weights::convolution(int out, int taps, int in) const {
  forget();
  const bool normalised = has("weight_v");
  const std::string name = prefix_ + (normalised ? "weight_v" : "weight");
  MatrixRows matrix =
      plain_rows(name, find(name, {out, taps, in}), {out, taps, in, nullptr, Storage::kFloat32});
  if (!normalised) return matrix;
  matrix.stored = Storage::kFloat32;
  matrix.row = [plain = matrix.row, name, size = matrix.row_size(), where = where_,
                g = tensor("weight_g", {out})](int n, float* row) {
    plain(n, row);
    normalize_weight(row, size, g[static_cast<std::size_t>(n)], where, name, n);
  };
  return matrix;
}

MatrixRows Weights::matrix(const std::string& name, int out, int in) const {
  const std::string full = prefix_ + name;
  return plain_rows(full, find(full, {out, in}), {out, 1, in, nullptr, Storage::kFloat32});
}

void normalize_weight(float* v, std::size_t size, float g, const std::string& where,
                      const std::string& tensor, std::int64_t channel) {
  double square = 0.0;
  for (std::size_t i = 0; i < size; ++i) square += static_cast<double>(v[i]) * v[i];
  if (square == 0.0)
    throw Error(where, fmt::format("tensor '{}': output channel {} is all zero, so its weight "
                                   "normalisation is undefined",
                                   tensor, channel));
  const double factor = g / std::sqrt(square);
  for (std::size_t i = 0; i < size; ++i) v[i] = static_cast<float>(v[i] * factor);
}

void Weights::check_all_used() const {
  for (const auto& entry : *tensors_)
    if (used_->names.count(entry.first) == 0)
      throw Error(where_, "tensor '" + entry.first + "' has no place in this configuration");
}

}  // namespace glowvox::engine

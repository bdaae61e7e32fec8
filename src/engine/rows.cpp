// SPDX-License-Identifier: MIT
#include "engine/rows.hpp"

#include <algorithm>
#include <cstring>

namespace glowvox::engine {

namespace {
// Rows are moved to the front once in so many appended rows.
constexpr int kSlack = 64;
}  // namespace

Rows::Rows(const Options& options)
    : options_(options), columns_(padded(options.columns)), first_(-options.left) {
  physical_ = std::int64_t{options.left} + options.capacity + options.right + kSlack;
  const auto elements = static_cast<std::size_t>(physical_ * columns_);
  constexpr auto kContents = AlignedBytes::Contents::kUndefined;
  if (has_full()) full_ = AlignedBytes(elements * bytes_of(Number::kFloat32), kContents);
  if (has_half()) half_ = AlignedBytes(elements * bytes_of(Number::kBfloat16), kContents);
  zero_rows(first_, options.left);
}

std::int64_t Rows::room() const {
  return std::max<std::int64_t>(0, options_.capacity - (end_ - kept_));
}

Target Rows::target(std::int64_t row) {
  Target to;
  if (has_full()) to.full = full(row);
  if (has_half()) to.half = half(row);
  to.stride = columns_;
  return to;
}

void Rows::append(std::int64_t rows, bool complete) {
  if (end_ + rows + options_.right - first_ > physical_) {
    const std::int64_t from = kept_ - options_.left;
    move_rows(from, end_ - from);
    first_ = from;
  }
  end_ += rows;
  if (complete && !complete_) zero_rows(end_, options_.right);
  complete_ = complete_ || complete;
}

void Rows::move_rows(std::int64_t from, std::int64_t count) {
  const auto bytes = [&](Number n) {
    return static_cast<std::size_t>(count * columns_) * bytes_of(n);
  };
  if (has_full()) std::memmove(full_.data(), full(from), bytes(Number::kFloat32));
  if (has_half()) std::memmove(half_.data(), half(from), bytes(Number::kBfloat16));
}

void Rows::zero_rows(std::int64_t from, std::int64_t count) {
  const auto elements = static_cast<std::size_t>(count * columns_);
  if (has_full()) std::fill_n(full(from), elements, 0.0F);
  if (has_half()) std::fill_n(half(from), elements, std::uint16_t{0});
}

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
#include "engine/row_window.hpp"

#include <algorithm>
#include <cstring>

namespace glowvox::engine {

namespace {
// Rows are moved to the front once in so many appended rows: seldom enough where few are appended
// at a time, and then their memory stays in the caches.
constexpr int kMostSlack = 64, kSlackPerRow = 8;
}  // namespace

RowWindow::RowWindow(const Options& options)
    : options_(options), columns_(padded(options.columns)), first_(-options.left) {
  physical_ = std::int64_t{options.left} + options.capacity + options.right +
              std::min(kMostSlack, kSlackPerRow * options.capacity);
  const auto elements = static_cast<std::size_t>(physical_ * columns_);
  constexpr auto kContents = AlignedBytes::Contents::kUndefined;
  if (stores_float()) full_ = AlignedBytes(elements * bytes_of(DType::kFloat32), kContents);
  if (stores_bfloat16()) bfloat16_ = AlignedBytes(elements * bytes_of(DType::kBfloat16), kContents);
  zero_rows(first_, options.left);
}

std::int64_t RowWindow::room() const {
  return std::max<std::int64_t>(0, options_.capacity - (end_ - kept_));
}

Target RowWindow::target(std::int64_t row) {
  Target to;
  if (stores_float()) to.full = full(row);
  if (stores_bfloat16()) to.bfloat16 = bfloat16(row);
  to.stride = columns_;
  return to;
}

void RowWindow::append(std::int64_t rows, bool complete) {
  if (end_ + rows + options_.right - first_ > physical_) {
    const std::int64_t from = kept_ - options_.left;
    move_rows(from, end_ - from);
    first_ = from;
  }
  end_ += rows;
  if (complete && !complete_) zero_rows(end_, options_.right);
  complete_ = complete_ || complete;
}

void RowWindow::move_rows(std::int64_t from, std::int64_t count) {
  const auto bytes = [&](DType n) {
    return static_cast<std::size_t>(count * columns_) * bytes_of(n);
  };
  if (stores_float()) std::memmove(full_.data(), full(from), bytes(DType::kFloat32));
  if (stores_bfloat16()) std::memmove(bfloat16_.data(), bfloat16(from), bytes(DType::kBfloat16));
}

void RowWindow::zero_rows(std::int64_t from, std::int64_t count) {
  const auto elements = static_cast<std::size_t>(count * columns_);
  if (stores_float()) std::fill_n(full(from), elements, 0.0F);
  if (stores_bfloat16()) std::fill_n(bfloat16(from), elements, std::uint16_t{0});
}

}  // namespace glowvox::engine

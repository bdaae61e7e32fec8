// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace glowvox {

// Rows of values in somebody else's memory. How many columns they have is for their user to know.
template <typename T>
struct BasicRowsView {
  T* data = nullptr;
  std::int64_t count = 0;     // of rows
  std::ptrdiff_t stride = 0;  // elements from a row to the next

  T* row(std::int64_t r) const { return data + r * stride; }
  BasicRowsView from(std::int64_t first) const { return {row(first), count - first, stride}; }
  // Rows [first, first + rows): also some before or behind these, where there are.
  BasicRowsView part(std::int64_t first, std::int64_t rows) const {
    return {row(first), rows, stride};
  }
  // The same rows from a column on.
  BasicRowsView from_column(std::int64_t column) const { return {data + column, count, stride}; }
  operator BasicRowsView<const T>() const { return {data, count, stride}; }
};

using RowsView = BasicRowsView<float>;
using ConstRowsView = BasicRowsView<const float>;

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "engine/stage.hpp"

namespace glowvox::engine {

void run_conditioned(const Product& product, Rows& source, int ratio, std::int64_t row, int rows,
                     bool add, float* out, int out_row, Scratch& scratch) {
  if (ratio == 1) {
    product.run(source.input(row, product.number()), out, rows, add);
    return;
  }
  const std::int64_t first = row / ratio, last = (row + rows - 1) / ratio;
  float* own = scratch.other.floats();
  product.run(source.input(first, product.number()), own, static_cast<int>(last - first + 1),
              false);
  const int columns = padded(product.out());
  for (int r = 0; r < rows; ++r) {
    const float* from = own + ((row + r) / ratio - first) * out_row;
    float* to = out + static_cast<std::ptrdiff_t>(r) * out_row;
    if (!add)
      std::copy(from, from + columns, to);
    else
      for (int c = 0; c < columns; ++c) to[c] += from[c];
  }
}

}  // namespace glowvox::engine

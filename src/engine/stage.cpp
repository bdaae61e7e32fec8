// SPDX-License-Identifier: MIT
#include "engine/stage.hpp"

namespace glowvox::engine {

void run_conditioned(const Product& product, Condition::Part& part, std::int64_t row, Write write,
                     RowsView out, Scratch& scratch) {
  if (part.ratio == 1) {
    product.run(part.rows.input(row, product.dtype()), out.data, static_cast<int>(out.count),
                write);
    return;
  }
  const std::int64_t first = row / part.ratio, last = (row + out.count - 1) / part.ratio;
  const RowsView own = scratch.other.rows(last - first + 1, out.stride);
  product.run(part.rows.input(first, product.dtype()), own.data, static_cast<int>(own.count));
  const int columns = padded(product.out());
  for (std::int64_t r = 0; r < out.count; ++r) {
    const float* from = own.row((row + r) / part.ratio - first);
    float* to = out.row(r);
    if (write == Write::kReplace)
      std::copy(from, from + columns, to);
    else
      for (int c = 0; c < columns; ++c) to[c] += from[c];
  }
}

}  // namespace glowvox::engine

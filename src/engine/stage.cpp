// SPDX-License-Identifier: MIT
#include "engine/stage.hpp"

namespace glowvox::engine {

void repeat_rows(const Pieces& pieces, int ratio, RowsView mapped, int columns, Write write,
                 RowsView out) {
  for (const Piece& piece : pieces) {
    const std::int64_t first = piece.row / ratio, last = (piece.row + piece.rows - 1) / ratio;
    for (std::int64_t r = 0; r < piece.rows; ++r) {
      const float* from = mapped.row((piece.row + r) / ratio - first);
      float* to = out.row(r);
      if (write == Write::kReplace)
        std::copy(from, from + columns, to);
      else
        for (int c = 0; c < columns; ++c) to[c] += from[c];
    }
    mapped = mapped.from(last - first + 1);
    out = out.from(piece.rows);
  }
}

}  // namespace glowvox::engine

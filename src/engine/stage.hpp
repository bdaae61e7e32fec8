// SPDX-License-Identifier: MIT
// The pieces that a pass of synthesis consists of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "engine/aligned.hpp"
#include "engine/product.hpp"
#include "engine/row_window.hpp"

namespace glowvox::engine {

// Rows that are worked on together: their intermediate results stay in the cache.
constexpr int kTileRows = 96;

// A thread's own memory: tiles of rows between products.
struct Scratch {
  // rows: of a tile, kTileRows or fewer. gathered_bytes: of a tile's rows from several streams, as
  // products take them; 0: there is one.
  explicit Scratch(int columns, int rows = kTileRows, std::size_t gathered_bytes = 0)
      : wide(bytes(columns, rows)),
        other(bytes(columns, rows)),
        input(bytes(columns, rows)),
        gathered(gathered_bytes) {}
  static std::size_t bytes(int columns, int rows = kTileRows) {
    return static_cast<std::size_t>(rows) * padded(columns) * sizeof(float);
  }
  AlignedBytes wide, other;  // floats
  AlignedBytes input;        // what a product takes: floats or bfloat16
  AlignedBytes gathered;
};

class Stage;

// Rows [row, row + rows) of what a stage has planned.
struct Piece {
  Stage* stage;
  std::int64_t row;
  int rows;
};

// The rows of a tile, kTileRows or fewer: a piece of one stream's, or pieces of several streams'
// whose stages are the same one of the same model. Tiles hold them one after the other.
struct Pieces {
  const Piece* pieces;
  int count;
  int rows;  // of all

  bool single() const { return count == 1; }
  const Piece& front() const { return *pieces; }
  const Piece* begin() const { return pieces; }
  const Piece* end() const { return pieces + count; }
};

// One stage of the flow between two sets of rows of a stream. Every pass first plans all stages in
// order, in one thread (which rows each can make now; memory is moved here), then runs them, the
// rows of each stage in tiles that the threads share. Streams that are worked on together have the
// same stages: one of them then makes the rows of all.
class Stage {
 public:
  virtual ~Stage() = default;
  // Decides which rows this pass makes, [begin, end), at most those of most_frames mel frames, and
  // makes room for them.
  virtual void plan(std::int64_t most_frames) = 0;
  // Makes the rows of the pieces, the first of which is this stage's.
  virtual void run(const Pieces& pieces, Scratch& scratch) = 0;
  void run(std::int64_t row, int rows, Scratch& scratch) {
    const Piece piece{this, row, rows};
    run({&piece, 1, rows}, scratch);
  }
  // The last rows of the pass, which has run, are not to be (see Pipeline).
  void take_back(std::int64_t rows) {
    end_ -= rows;
    took_back(rows);
  }
  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }

 protected:
  virtual void took_back(std::int64_t rows) = 0;  // from where the plan appended them
  // The plan begins where the last one ended.
  std::int64_t set_plan(std::int64_t end) {
    begin_ = end_;
    end_ = std::max(begin_, end);
    return end_ - begin_;
  }

 private:
  std::int64_t begin_ = 0, end_ = 0;
};

// What the mel says, for the stages that need it.
struct Condition {
  struct Part {
    RowWindow rows;
    int ratio = 1;  // lifted rows for each of them
  };
  Part log_mel;   // natural log, at the mel's rate
  Part features;  // the conditioner's

  // Nobody will come back to lifted rows before `row`.
  void release(std::int64_t row) {
    for (Part* part : {&log_mel, &features}) part->rows.release(row / part->ratio);
  }
};

// What the rows of the pieces are of rows that come `ratio` times less often: mapped has those of
// every piece, one piece's after the other's.
void repeat_rows(const Pieces& pieces, int ratio, RowsView mapped, int columns, Write write,
                 RowsView out);

// y[rows][product.y_row()]: the product of all pieces' rows, or added to what is there.
// first(piece): where the first tap of the piece's first row lies.
template <class First>
void run_product(const Product& product, const Pieces& pieces, const First& first, float* y,
                 Write write, Scratch& scratch) {
  if (pieces.single()) return product.run(first(pieces.front()), y, pieces.rows, write);
  const std::size_t item = bytes_of(product.dtype());
  const std::size_t row_bytes = static_cast<std::size_t>(product.x_row()) * item;
  const std::size_t used = static_cast<std::size_t>(product.row_elements()) * item;
  const std::size_t tap_bytes = static_cast<std::size_t>(product.x_tap()) * item;
  const std::size_t plane_bytes = static_cast<std::size_t>(pieces.rows) * row_bytes;
  char* to = scratch.gathered.data();
  for (const Piece& piece : pieces) {
    const char* from = static_cast<const char*>(static_cast<const void*>(first(piece)));
    for (int r = 0; r < piece.rows; ++r, from += row_bytes, to += row_bytes)
      for (int k = 0; k < product.taps(); ++k)
        std::memcpy(to + static_cast<std::size_t>(k) * plane_bytes,
                    from + static_cast<std::size_t>(k) * tap_bytes, used);
  }
  product.run_planes(scratch.gathered.data(), std::int64_t{pieces.rows} * product.x_row(), y,
                     pieces.rows, write);
}

// The same, written to where to(piece) says: rows of product.y_row() elements, `columns` of which
// count. tile: for the rows of several.
template <class First, class To>
void run_product_to(const Product& product, const Pieces& pieces, const First& first, const To& to,
                    int columns, float* tile, Scratch& scratch) {
  if (pieces.single()) return product.run(first(pieces.front()), to(pieces.front()), pieces.rows);
  run_product(product, pieces, first, tile, Write::kReplace, scratch);
  for (const Piece& piece : pieces) {
    float* row = to(piece);
    for (int r = 0; r < piece.rows; ++r, row += product.y_row(), tile += product.y_row())
      std::copy_n(tile, columns, row);
  }
}

// The product of those rows of the condition that the pieces' lifted rows belong to. part(piece):
// whose. out: as many rows as the pieces have.
template <class PartOf>
void run_conditioned(const Product& product, const Pieces& pieces, const PartOf& part, Write write,
                     RowsView out, Scratch& scratch) {
  const DType dtype = product.dtype();
  if (part(pieces.front()).ratio == 1) {
    run_product(
        product, pieces, [&](const Piece& p) { return part(p).rows.input(p.row, dtype); }, out.data,
        write, scratch);
    return;
  }
  const int ratio = part(pieces.front()).ratio;
  Piece own[kTileRows];
  Pieces all{own, pieces.count, 0};
  for (const Piece& piece : pieces) {
    const std::int64_t row = piece.row / ratio;
    const auto rows = static_cast<int>((piece.row + piece.rows - 1) / ratio - row + 1);
    own[&piece - pieces.begin()] = {piece.stage, row, rows};
    all.rows += rows;
  }
  const RowsView mapped = scratch.other.rows(all.rows, out.stride);
  run_product(
      product, all, [&](const Piece& p) { return part(p).rows.input(p.row, dtype); }, mapped.data,
      Write::kReplace, scratch);
  repeat_rows(pieces, ratio, mapped, padded(product.out()), write, out);
}

}  // namespace glowvox::engine

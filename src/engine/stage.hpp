// SPDX-License-Identifier: MIT
// The pieces that a pass of synthesis consists of.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/aligned.hpp"
#include "engine/product.hpp"
#include "engine/row_window.hpp"

namespace glowvox::engine {

// Rows that are worked on together: their intermediate results stay in the cache.
constexpr int kTileRows = 96;

// A thread's own memory: tiles of rows between products.
struct Scratch {
  explicit Scratch(int columns)
      : wide(bytes(columns)), other(bytes(columns)), input(bytes(columns)) {}
  static std::size_t bytes(int columns) {
    return static_cast<std::size_t>(kTileRows) * padded(columns) * sizeof(float);
  }
  AlignedBytes wide, other;  // floats
  AlignedBytes input;        // what a product takes: floats or bfloat16
};

// One stage of the flow between two sets of rows. Every pass first plans all stages in order, in
// one thread (which rows each can make now; memory is moved here), then runs them, the rows of
// each stage in tiles that the threads share.
class Stage {
 public:
  virtual ~Stage() = default;
  // Decides which rows this pass makes, [begin, end), at most those of most_frames mel frames, and
  // makes room for them.
  virtual void plan(std::int64_t most_frames) = 0;
  // Makes rows [row, row + rows) of the plan, kTileRows or fewer.
  virtual void run(std::int64_t row, int rows, Scratch& scratch) = 0;
  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }

 protected:
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

// The product of those rows of `part` that the lifted rows from `row` on belong to, as many as out
// has.
void run_conditioned(const Product& product, Condition::Part& part, std::int64_t row, Write write,
                     RowsView out, Scratch& scratch);

}  // namespace glowvox::engine

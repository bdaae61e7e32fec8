// SPDX-License-Identifier: MIT
// A window that slides over the rows of an endless matrix.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/aligned.hpp"
#include "engine/kernels.hpp"

namespace glowvox::engine {

// Rows [first kept, end) of activations, as float, bfloat16 or both; one producer appends, one
// reader releases. Rows before 0 and after the sequence's last are zero, as far as `left` and
// `right` rows of context go: what convolutions see beyond the ends.
class RowWindow {
 public:
  enum class Stored { kFloat, kBfloat16, kBoth };
  struct Options {
    int columns = 0;  // padded here
    Stored stored = Stored::kFloat;
    int capacity = 0;         // rows between what is released and the end
    int left = 0, right = 0;  // context that the reader needs around a row
  };
  RowWindow() = default;
  explicit RowWindow(const Options& options);

  std::int64_t end() const { return end_; }
  bool complete() const { return complete_; }
  // Rows that a reader with this context can work up to: the end, less `right` until complete.
  std::int64_t readable() const { return complete_ ? end_ : end_ - options_.right; }
  // How many rows can be appended now.
  std::int64_t room() const;
  // Appends rows, whose values (padding included) are the producer's to write; complete: they are
  // the last.
  void append(std::int64_t rows, bool complete);
  // The last rows are not to be: others will take their place.
  void take_back(std::int64_t rows) {
    end_ -= rows;
    kept_ = std::min(kept_, end_);
  }
  // The reader will not come back to rows before `row`.
  void release(std::int64_t row) { kept_ = row; }

  int row_elements() const { return columns_; }
  float* full(std::int64_t row) { return full_.floats() + offset(row); }
  std::uint16_t* bfloat16(std::int64_t row) {
    return reinterpret_cast<std::uint16_t*>(bfloat16_.data()) + offset(row);
  }
  RowsView view(std::int64_t row, std::int64_t count) { return {full(row), count, columns_}; }
  // For those from `row` on, whatever is stored of them.
  Target target(std::int64_t row);
  // As a product of this type takes it.
  const void* input(std::int64_t row, DType dtype) {
    return dtype == DType::kBfloat16 ? static_cast<const void*>(bfloat16(row)) : full(row);
  }

 private:
  bool stores_float() const { return options_.stored != Stored::kBfloat16; }
  bool stores_bfloat16() const { return options_.stored != Stored::kFloat; }
  std::ptrdiff_t offset(std::int64_t row) const { return (row - first_) * columns_; }
  void move_rows(std::int64_t from, std::int64_t count);
  void zero_rows(std::int64_t from, std::int64_t count);

  Options options_;
  int columns_ = 0;
  std::int64_t physical_ = 0;  // rows of memory
  std::int64_t first_ = 0;     // the row that the memory starts with
  std::int64_t end_ = 0, kept_ = 0;
  bool complete_ = false;
  AlignedBytes full_, bfloat16_;
};

}  // namespace glowvox::engine

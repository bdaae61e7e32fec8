// SPDX-License-Identifier: MIT
// How activations and weights lie in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "core/rows_view.hpp"

namespace glowvox::engine {

// Rows of activations are padded to whole vectors, two or more (see Product).
constexpr int kVector = 16;
inline int padded(int columns) {
  return std::max(2 * kVector, (columns + kVector - 1) / kVector * kVector);
}

// From now on pieces come from the heap: what streams no longer need is used again or goes back to
// the system, and no large page is taken for a little. Those that are there keep their large pages.
void save_memory();

// Memory at cache-line boundaries. Small pieces share large pages where the system has them (a
// tenth of synthesis is waiting for address translation otherwise).
class AlignedBytes {
 public:
  AlignedBytes() = default;
  enum class Contents { kZero, kUndefined };
  explicit AlignedBytes(std::size_t size, Contents contents = Contents::kZero);
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  float* floats() { return reinterpret_cast<float*>(data_.get()); }
  RowsView rows(std::int64_t count, std::ptrdiff_t stride) { return {floats(), count, stride}; }
  std::size_t size() const { return size_; }

 private:
  std::shared_ptr<char> data_;
  std::size_t size_ = 0;
};

}  // namespace glowvox::engine

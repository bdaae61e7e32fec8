// SPDX-License-Identifier: MIT
// How much memory tensors on the CPU hold.
#pragma once

#include <cstdint>

namespace glowvox::train {

// Counts what LibTorch's allocator hands out from the first install() on; what it gave before stays
// outside the count. A request for more than there is then throws std::bad_alloc, as in everything
// else, where LibTorch has only a text for it. Thread-safe.
class MemoryMeter {
 public:
  static MemoryMeter& install();
  std::int64_t held_bytes() const;
  std::int64_t peak_bytes() const;  // the most held at once since the last restart_peak()
  std::int64_t restart_peak();      // returns what is held now

 private:
  MemoryMeter() = default;
};

}  // namespace glowvox::train

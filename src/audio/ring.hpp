// SPDX-License-Identifier: MIT
// Samples from one thread to another without a lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

namespace glowvox::audio {

// One thread writes, one reads; neither waits for the other, allocates or calls the system. Counts
// of samples written and read only grow, so that full and empty cannot be confused.
class SampleRing {
 public:
  explicit SampleRing(std::size_t at_least) {
    std::size_t size = 1;
    while (size < at_least) size *= 2;
    memory_.resize(size);
  }
  std::size_t capacity() const { return memory_.size(); }

  // From any thread; the other side may have moved on when it returns.
  std::size_t filled() const {
    const std::size_t read = read_.load(std::memory_order_acquire);
    return written_.load(std::memory_order_acquire) - read;
  }

  // The writer's: how many of count samples there was room for.
  std::size_t write(const float* samples, std::size_t count) {
    const std::size_t at = written_.load(std::memory_order_relaxed);
    const std::size_t room = capacity() - (at - read_.load(std::memory_order_acquire));
    count = std::min(count, room);
    const std::size_t begin = at & (capacity() - 1), first = std::min(count, capacity() - begin);
    std::copy_n(samples, first, memory_.begin() + static_cast<std::ptrdiff_t>(begin));
    std::copy_n(samples + first, count - first, memory_.begin());
    written_.store(at + count, std::memory_order_release);
    return count;
  }

  // The reader's: how many of count samples there were.
  std::size_t read(float* samples, std::size_t count) {
    const std::size_t at = read_.load(std::memory_order_relaxed);
    count = std::min(count, written_.load(std::memory_order_acquire) - at);
    const std::size_t begin = at & (capacity() - 1), first = std::min(count, capacity() - begin);
    std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(begin), first, samples);
    std::copy_n(memory_.begin(), count - first, samples + first);
    read_.store(at + count, std::memory_order_release);
    return count;
  }

 private:
  static constexpr std::size_t kCacheLine = 64;
  std::vector<float> memory_;  // a power of two
  alignas(kCacheLine) std::atomic<std::size_t> written_{0};
  alignas(kCacheLine) std::atomic<std::size_t> read_{0};
};

}  // namespace glowvox::audio

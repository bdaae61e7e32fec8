// SPDX-License-Identifier: MIT
#include "engine/aligned.hpp"

#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

#include "core/platform.hpp"

namespace glowvox::engine {

namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kPage = std::size_t{2} << 20;
constexpr std::size_t kRegion = 8 * kPage;

std::size_t round_up(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }

// A mapping of whole large pages.
std::shared_ptr<char> map(std::size_t size) {
  return platform::map_memory(round_up(size, kPage), kPage);
}

// Regions that pieces are cut from. A few that nobody uses any more are kept, so that one utterance
// after the other does not wait for the system to clear its memory.
class Regions {
 public:
  Regions() { free_.reserve(kKept); }
  std::shared_ptr<char> cut(std::size_t size) {
    if (size > kRegion / 2) return map(size);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (used_ + size > kRegion) {
      current_ = take();
      used_ = 0;
    }
    std::shared_ptr<char> piece(current_, current_.get() + used_);
    used_ += size;
    return piece;
  }

  // What no piece has been cut from yet goes back.
  void trim() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (current_) platform::forget_memory(current_.get() + used_, kRegion - used_);
    const std::lock_guard<std::mutex> free_lock(free_mutex_);
    free_.clear();
  }

 private:
  static constexpr std::size_t kKept = 4;

  // A region that comes back to the free ones with its last piece, from whatever thread.
  std::shared_ptr<char> take() {
    std::shared_ptr<char> region;
    {
      const std::lock_guard<std::mutex> lock(free_mutex_);
      if (!free_.empty()) {
        region = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!region) region = map(kRegion);
    char* memory = region.get();
    return {memory, [this, region](char*) mutable {
              const std::lock_guard<std::mutex> lock(free_mutex_);
              if (free_.size() < kKept) free_.push_back(std::move(region));
            }};
  }

  std::mutex mutex_;
  std::shared_ptr<char> current_;
  std::size_t used_ = kRegion;
  std::mutex free_mutex_;
  std::vector<std::shared_ptr<char>> free_;
};

Regions& regions() {
  static auto* const all = new Regions;  // outlives every static that holds a piece
  return *all;
}

// The address sanitizer watches every piece for accesses beyond its end.
#ifdef __SANITIZE_ADDRESS__
std::atomic<bool> from_heap{true};
#else
std::atomic<bool> from_heap{false};
#endif

std::shared_ptr<char> allocate_apart(std::size_t size) {
  constexpr std::align_val_t kAlignment{kLine};
  char* memory = static_cast<char*>(::operator new(size, kAlignment));
  return {memory, [](char* p) { ::operator delete(p, kAlignment); }};
}

}  // namespace

void save_memory() {
  regions().trim();
  from_heap = true;
  platform::trim_heap();  // loading has freed what it read into
}

AlignedBytes::AlignedBytes(std::size_t size, Contents contents) : size_(size) {
  const std::size_t whole = round_up(size, kLine) + kLine;
  data_ = from_heap ? allocate_apart(whole) : regions().cut(whole);
  if (contents == Contents::kZero) std::memset(data_.get(), 0, whole);
}

}  // namespace glowvox::engine

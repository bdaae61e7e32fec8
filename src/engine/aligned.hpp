// How activations and weights lie in memory.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace glowvox::engine {

// Rows of activations are padded to whole vectors.
constexpr int kVector = 16;
inline int padded(int columns) { return (columns + kVector - 1) / kVector * kVector; }

// Memory at cache-line boundaries, zeroed.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t size) : size_(size) {
    constexpr std::size_t kLine = 64;
    const std::size_t whole = (size + kLine - 1) / kLine * kLine + kLine;
    data_.reset(static_cast<char*>(std::aligned_alloc(kLine, whole)));
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, whole);
  }
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  float* floats() { return reinterpret_cast<float*>(data_.get()); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace glowvox::engine

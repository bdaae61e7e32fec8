// SPDX-License-Identifier: MIT
#include "train/memory_meter.hpp"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

namespace glowvox::train {

namespace {

std::atomic<std::int64_t> held{0}, peak{0};

void count(std::int64_t bytes) {
  const std::int64_t now = held.fetch_add(bytes) + bytes;
  std::int64_t most = peak.load();
  while (now > most && !peak.compare_exchange_weak(most, now)) {
  }
}

// Stands before what is handed out, and keeps it as aligned as the inner allocator does.
constexpr std::size_t kHeader = 64;

c10::Allocator* inner = nullptr;

void release(void* data) {
  if (data == nullptr) return;
  char* const start = static_cast<char*>(data) - kHeader;
  std::int64_t bytes = 0;
  std::memcpy(&bytes, start, sizeof bytes);
  count(-bytes);
  inner->raw_deallocate(start);
}

// LibTorch's allocator fails for no other reason than that there is no more memory.
void* allocated(std::size_t n) {
  try {
    return inner->raw_allocate(n);
  } catch (const c10::Error&) {
    throw std::bad_alloc();
  }
}

// Passes every request on and notes its size.
class CountingAllocator : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(std::size_t n) override { return counted(n); }
  void copy_data(void* to, const void* from, std::size_t n) const override {
    std::memcpy(to, from, n);
  }
#else
  c10::DataPtr allocate(std::size_t n) const override { return counted(n); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return &release; }

 private:
  static c10::DataPtr counted(std::size_t n) {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (n == 0) return {nullptr, nullptr, &release, cpu};
    char* const start = static_cast<char*>(allocated(n + kHeader));
    const auto bytes = static_cast<std::int64_t>(n);
    std::memcpy(start, &bytes, sizeof bytes);
    count(bytes);
    return {start + kHeader, start + kHeader, &release, cpu};
  }
};

constexpr std::uint8_t kPriority = 1;  // above the default allocator's

}  // namespace

MemoryMeter& MemoryMeter::install() {
  static MemoryMeter meter;
  static const bool installed = [] {
    inner = c10::GetCPUAllocator();
    c10::SetCPUAllocator(new CountingAllocator, kPriority);
    return true;
  }();
  static_cast<void>(installed);
  return meter;
}

std::int64_t MemoryMeter::held_bytes() const { return held; }
std::int64_t MemoryMeter::peak_bytes() const { return peak; }
std::int64_t MemoryMeter::restart_peak() {
  peak = held.load();
  return peak;
}

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <thread>

#include "core/cpu.hpp"
#include "core/descriptor.hpp"
#include "core/file_error.hpp"
#include "core/platform.hpp"

namespace glowvox {

int available_cores() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void take_priority(bool real_time) {
#if defined(__linux__)
  constexpr int kNice = -11;  // where sound servers run
  const sched_param lowest{1};
  // On Linux both are the calling thread's, and inherited. Somebody who runs us higher keeps that.
  if (real_time && ::sched_setscheduler(0, SCHED_RR, &lowest) == 0) return;
  if (::getpriority(PRIO_PROCESS, 0) > kNice) ::setpriority(PRIO_PROCESS, 0, kNice);
#else
  static_cast<void>(real_time);
#endif
}

namespace platform {

namespace {

FileState state_of(const struct stat& status) {
#if defined(__APPLE__)
  const timespec& time = status.st_mtimespec;
#else
  const timespec& time = status.st_mtim;
#endif
  FileState state;
  state.device = static_cast<std::uint64_t>(status.st_dev);
  state.inode = status.st_ino;
  state.size = static_cast<std::uint64_t>(status.st_size);
  state.written_ns = std::int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
  return state;
}

}  // namespace

std::optional<FileState> file_state(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return state_of(status);
}

FileMapping map_file(const std::string& path) {
  // A pipe without a writer must not hold us up before it is refused.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw cannot_read(path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw Error(path, "expected a regular file", "copy it to one");
  FileMapping mapping;
  mapping.state = state_of(status);
  if (mapping.state.size == 0) return mapping;
  void* memory = ::mmap(nullptr, static_cast<std::size_t>(mapping.state.size), PROT_READ,
                        MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED)
    throw Error(path, std::string("cannot be mapped: ") + std::strerror(errno));
  mapping.data = static_cast<const char*>(memory);
  return mapping;
}

bool close_descriptor(int descriptor) { return ::close(descriptor) == 0; }

void unmap_file(const char* data, std::size_t size) {
  if (size > 0) ::munmap(const_cast<char*>(data), size);
}

void forget_file(const char* data, std::size_t size) {
  if (size > 0) ::madvise(const_cast<char*>(data), size, MADV_DONTNEED);
}

std::shared_ptr<char> map_memory(std::size_t size, std::size_t large_page) {
  const std::size_t whole = size + large_page;
  void* memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const std::size_t over = reinterpret_cast<std::uintptr_t>(memory) % large_page;
  char* start = static_cast<char*>(memory) + (over == 0 ? 0 : large_page - over);
#ifdef MADV_HUGEPAGE
  ::madvise(start, size, MADV_HUGEPAGE);  // a wish: small pages do as well
#endif
  return {start, [memory, whole](char*) { ::munmap(memory, whole); }};
}

void forget_memory(char* data, std::size_t size) {
  const std::uintptr_t page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(data) % page) % page;
  if (size <= before) return;
#ifdef MADV_NOHUGEPAGE
  ::madvise(data + before, size - before, MADV_NOHUGEPAGE);
#endif
  ::madvise(data + before, size - before, MADV_DONTNEED);
}

void trim_heap() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace platform

}  // namespace glowvox

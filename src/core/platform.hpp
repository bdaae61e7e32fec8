// SPDX-License-Identifier: MIT
// What libglowvox asks of the system beyond standard C++. Every system has one file,
// platform_<name>.cpp, which defines this and core/cpu.hpp's available_cores and take_priority; no
// other source of the library includes a system's headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace glowvox::platform {

// Which file it is, and as of when.
struct FileState {
  std::uint64_t device = 0, inode = 0;
  std::uint64_t size = 0;
  std::int64_t written_ns = 0;  // since the system's epoch
};

// The state of the file that now has this path; none where it cannot be told.
std::optional<FileState> file_state(const std::string& path);

struct FileMapping {
  const char* data = nullptr;  // null where the file is empty
  FileState state;
};

// A regular file in memory, to be read. Throws Error when it cannot be.
FileMapping map_file(const std::string& path);
void unmap_file(const char* data, std::size_t size);
// Gives the memory of what was touched back to the system; it is read again where it is touched
// again.
void forget_file(const char* data, std::size_t size);

// What core/descriptor.hpp holds. False, and errno, where what was written to it is lost.
bool close_descriptor(int descriptor);

// Memory that is zero, in large pages where the system has them, beginning at a multiple of
// `large_page` bytes where it has. Throws std::bad_alloc.
std::shared_ptr<char> map_memory(std::size_t size, std::size_t large_page);

// Gives what lies in this part of map_memory's back to the system, and takes no large pages for it
// any more.
void forget_memory(char* data, std::size_t size);

// Gives what the heap has free back to the system, where that is not done by itself.
void trim_heap();

}  // namespace glowvox::platform

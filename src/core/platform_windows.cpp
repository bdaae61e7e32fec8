// SPDX-License-Identifier: MIT
#include <io.h>
#include <windows.h>

#include <algorithm>
#include <bitset>
#include <new>
#include <system_error>
#include <thread>

#include "core/cpu.hpp"
#include "core/platform.hpp"
#include "glowvox/error.hpp"

namespace glowvox {

int available_cores() {
  DWORD_PTR ours = 0, all = 0;
  if (::GetProcessAffinityMask(::GetCurrentProcess(), &ours, &all) != 0 && ours != 0)
    return static_cast<int>(std::bitset<64>(ours).count());
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void take_priority(bool real_time) {
  // This thread's alone: Windows' threads do not inherit it.
  ::SetThreadPriority(::GetCurrentThread(),
                      real_time ? THREAD_PRIORITY_TIME_CRITICAL : THREAD_PRIORITY_HIGHEST);
}

namespace platform {

namespace {

// Closes what Windows opened.
class Handle {
 public:
  explicit Handle(HANDLE handle) : handle_(handle) {}
  ~Handle() {
    if (valid()) ::CloseHandle(handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  HANDLE get() const { return handle_; }
  bool valid() const { return handle_ != nullptr && handle_ != INVALID_HANDLE_VALUE; }

 private:
  HANDLE handle_;
};

std::string message_of(DWORD error) {
  return std::system_category().message(static_cast<int>(error));
}

// Paths are UTF-8 everywhere in glowvox.
std::wstring wide(const std::string& path) {
  const int bytes = static_cast<int>(path.size());
  const int size = ::MultiByteToWideChar(CP_UTF8, 0, path.data(), bytes, nullptr, 0);
  std::wstring text(static_cast<std::size_t>(size), L'\0');
  ::MultiByteToWideChar(CP_UTF8, 0, path.data(), bytes, text.data(), size);
  return text;
}

// Others may write to, rename and remove what we read, as they may elsewhere.
HANDLE open(const std::string& path, DWORD access) {
  return ::CreateFileW(wide(path).c_str(), access,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                       OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
}

constexpr std::uint64_t joined(DWORD high, DWORD low) { return std::uint64_t{high} << 32 | low; }

std::optional<FileState> state_of(HANDLE file) {
  BY_HANDLE_FILE_INFORMATION information{};
  if (::GetFileType(file) != FILE_TYPE_DISK ||
      ::GetFileInformationByHandle(file, &information) == 0 ||
      (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
    return std::nullopt;
  FileState state;
  state.device = information.dwVolumeSerialNumber;
  state.inode = joined(information.nFileIndexHigh, information.nFileIndexLow);
  state.size = joined(information.nFileSizeHigh, information.nFileSizeLow);
  const FILETIME& time = information.ftLastWriteTime;
  state.written_ns =
      static_cast<std::int64_t>(joined(time.dwHighDateTime, time.dwLowDateTime)) * 100;
  return state;
}

}  // namespace

std::optional<FileState> file_state(const std::string& path) {
  const Handle file(open(path, FILE_READ_ATTRIBUTES));
  if (!file.valid()) return std::nullopt;
  return state_of(file.get());
}

FileMapping map_file(const std::string& path) {
  const Handle file(open(path, GENERIC_READ));
  if (!file.valid()) {
    const DWORD error = ::GetLastError();
    const bool none = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
    throw Error(path, none ? "no such file" : "cannot read: " + message_of(error));
  }
  const std::optional<FileState> state = state_of(file.get());
  if (!state) throw Error(path, "expected a regular file", "copy it to one");
  FileMapping mapping;
  mapping.state = *state;
  if (state->size == 0) return mapping;
  // A view keeps what it shows: both handles may go.
  const Handle section(::CreateFileMappingW(file.get(), nullptr, PAGE_READONLY, 0, 0, nullptr));
  const void* view =
      section.valid() ? ::MapViewOfFile(section.get(), FILE_MAP_READ, 0, 0, 0) : nullptr;
  if (view == nullptr) throw Error(path, "cannot be mapped: " + message_of(::GetLastError()));
  mapping.data = static_cast<const char*>(view);
  return mapping;
}

bool close_descriptor(int descriptor) { return ::_close(descriptor) == 0; }

void unmap_file(const char* data, std::size_t size) {
  if (size > 0) ::UnmapViewOfFile(data);
}

void forget_file(const char* data, std::size_t size) {
  // To unlock what is not locked takes it out of the working set, and fails.
  if (size > 0) ::VirtualUnlock(const_cast<char*>(data), size);
}

std::shared_ptr<char> map_memory(std::size_t size, std::size_t) {
  // Large pages need a privilege that programs do not have by themselves.
  void* memory = ::VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  if (memory == nullptr) throw std::bad_alloc();
  return {static_cast<char*>(memory), [](char* start) { ::VirtualFree(start, 0, MEM_RELEASE); }};
}

void forget_memory(char*, std::size_t) {
  // Windows has given no page that was not touched.
}

void trim_heap() {
  // Windows' heaps do that.
}

}  // namespace platform

}  // namespace glowvox

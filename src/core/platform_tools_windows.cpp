// SPDX-License-Identifier: MIT
// The C runtime's numbers for files, opened by wide names; tools/windows.manifest makes the
// program's own character set UTF-8.
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <share.h>
#include <sys/stat.h>
#include <windows.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/path.hpp"
#include "core/platform_tools.hpp"

namespace glowvox::platform {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;  // that one call takes
constexpr int kFlags = _O_BINARY | _O_NOINHERIT;

int open(const std::string& path, int flags) {
  int file = -1;
  const errno_t error =
      ::_wsopen_s(&file, path_of(path).c_str(), flags | kFlags, _SH_DENYNO, _S_IREAD | _S_IWRITE);
  errno = error;
  return error == 0 ? file : -1;
}

HANDLE handle_of(int file) { return reinterpret_cast<HANDLE>(::_get_osfhandle(file)); }

// What errno calls the last failure of Windows' own functions.
void set_errno() {
  switch (::GetLastError()) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
      errno = ENOENT;
      break;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
      errno = EACCES;
      break;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
      errno = EEXIST;
      break;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
      errno = ENOSPC;
      break;
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
      errno = EPIPE;
      break;
    default:
      errno = EIO;
  }
}

OVERLAPPED at(std::uint64_t offset) {
  OVERLAPPED place{};
  place.Offset = static_cast<DWORD>(offset);
  place.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return place;
}

bool set_deleted(HANDLE handle, bool deleted) {
  FILE_DISPOSITION_INFO information{};
  information.DeleteFile = deleted ? TRUE : FALSE;
  return ::SetFileInformationByHandle(handle, FileDispositionInfo, &information,
                                      sizeof information) != 0;
}

DWORD piece(std::size_t count) { return static_cast<DWORD>(std::min(count, kMostBytes)); }

}  // namespace

int open_to_read(const std::string& path) { return open(path, _O_RDONLY); }

int open_to_write(const std::string& path) { return open(path, _O_WRONLY); }

int open_nothing() { return open_to_write("NUL"); }

int create(const std::string& path) { return open(path, _O_WRONLY | _O_CREAT | _O_EXCL); }

// Every file has a name; this one goes with its last handle until it gets another.
int create_nameless(const std::string& folder) {
  static std::atomic<unsigned> counter{0};
  const std::string name = "/.glowvox-" + std::to_string(process_number()) + "-nameless-" +
                           std::to_string(counter.fetch_add(1)) + ".tmp";
  HANDLE handle = ::CreateFileW(path_of(folder + name).c_str(), GENERIC_WRITE | DELETE,
                                FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr, CREATE_NEW,
                                FILE_ATTRIBUTE_NORMAL, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    set_errno();
    return -1;
  }
  if (!set_deleted(handle, true)) {
    set_errno();
    ::CloseHandle(handle);
    return -1;
  }
  return ::_open_osfhandle(reinterpret_cast<std::intptr_t>(handle), kFlags);
}

bool give_name(int nameless, const std::string& path) {
  const std::wstring name = std::filesystem::absolute(path_of(path)).wstring();
  const std::size_t bytes = name.size() * sizeof(wchar_t);
  std::vector<char> memory(sizeof(FILE_RENAME_INFO) + bytes);
  auto* information = reinterpret_cast<FILE_RENAME_INFO*>(memory.data());
  information->FileNameLength = static_cast<DWORD>(bytes);
  std::memcpy(information->FileName, name.c_str(), bytes);
  if (set_deleted(handle_of(nameless), false) &&
      ::SetFileInformationByHandle(handle_of(nameless), FileRenameInfo, information,
                                   static_cast<DWORD>(memory.size())) != 0)
    return true;
  set_errno();
  set_deleted(handle_of(nameless), true);
  return false;
}

int duplicate(int file, int least) {
  const int copy = ::_dup(file);
  if (copy < 0) return -1;
  if (copy < least) {
    const int higher = duplicate(file, least);
    ::_close(copy);
    return higher;
  }
  ::_setmode(copy, _O_BINARY);
  return copy;
}

bool redirect(int file, int target) { return ::_dup2(target, file) == 0; }

bool is_regular(int file) {
  // A folder cannot be opened this way.
  return ::GetFileType(handle_of(file)) == FILE_TYPE_DISK;
}

std::uint64_t size_of(int file) {
  LARGE_INTEGER size{};
  return ::GetFileSizeEx(handle_of(file), &size) != 0 ? static_cast<std::uint64_t>(size.QuadPart)
                                                      : 0;
}

std::ptrdiff_t read_some(int file, void* to, std::size_t most) {
  ::_setmode(file, _O_BINARY);  // standard input begins as text
  return ::_read(file, to, piece(most));
}

std::ptrdiff_t read_some_at(int file, std::uint64_t offset, void* to, std::size_t most) {
  OVERLAPPED place = at(offset);
  DWORD got = 0;
  if (::ReadFile(handle_of(file), to, piece(most), &got, &place) != 0) return got;
  if (::GetLastError() == ERROR_HANDLE_EOF) return 0;
  set_errno();
  return -1;
}

bool write_all(int file, const void* bytes, std::size_t count) {
  const char* next = static_cast<const char*>(bytes);
  for (std::size_t done = 0; done < count;) {
    DWORD written = 0;
    if (::WriteFile(handle_of(file), next + done, piece(count - done), &written, nullptr) == 0) {
      set_errno();
      return false;
    }
    done += written;
  }
  return true;
}

bool write_all_at(int file, std::uint64_t offset, const void* bytes, std::size_t count) {
  const char* next = static_cast<const char*>(bytes);
  for (std::size_t done = 0; done < count;) {
    OVERLAPPED place = at(offset + done);
    DWORD written = 0;
    if (::WriteFile(handle_of(file), next + done, piece(count - done), &written, &place) == 0) {
      set_errno();
      return false;
    }
    done += written;
  }
  return true;
}

bool sync(int file) {
  if (!is_regular(file) || ::FlushFileBuffers(handle_of(file)) != 0) return true;
  set_errno();
  return false;
}

void keep_permissions(int, const std::string&) {
  // A new file has those of its folder.
}

bool replace(const std::string& from, const std::string& to) {
  if (::MoveFileExW(path_of(from).c_str(), path_of(to).c_str(),
                    MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0)
    return true;
  set_errno();
  return false;
}

void remove(const std::string& path) { ::_wunlink(path_of(path).c_str()); }

bool is_terminal(int file) {
  DWORD mode = 0;
  return ::GetConsoleMode(handle_of(file), &mode) != 0;
}

int terminal_columns(int file) {
  CONSOLE_SCREEN_BUFFER_INFO screen{};
  if (::GetConsoleScreenBufferInfo(handle_of(file), &screen) == 0) return 0;
  return screen.srWindow.Right - screen.srWindow.Left + 1;
}

void on_interrupt(void (*handler)(int)) {
  // The default comes back by itself after the first.
  for (const int signal : {SIGINT, SIGBREAK})
    if (std::signal(signal, handler) == SIG_IGN) std::signal(signal, SIG_IGN);
}

std::string program_path() {
  std::wstring path(MAX_PATH, L'\0');
  for (;;) {
    const DWORD size = ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    if (size == 0) return "";
    if (size < path.size()) {
      path.resize(size);
      return utf8_of(path);
    }
    path.resize(2 * path.size());
  }
}

void become(const std::string&, std::vector<std::string>) {
  errno = ENOENT;  // what needs LibTorch is not built for Windows
}

void set_default(const char* variable, const char* value) {
  if (std::getenv(variable) == nullptr) ::_putenv_s(variable, value);
}

int process_number() { return ::_getpid(); }

std::string host_name() {
  const char* name = std::getenv("COMPUTERNAME");
  return name != nullptr ? name : "localhost";
}

}  // namespace glowvox::platform

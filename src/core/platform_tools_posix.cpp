// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "core/path.hpp"
#include "core/platform_tools.hpp"

namespace glowvox::platform {

namespace {

constexpr int kMode = 0666;  // less what the user's mask forbids

std::string self(int file) { return "/proc/self/fd/" + std::to_string(file); }

// For a descriptor that another program left in non-blocking mode.
void wait_for(int file, short events) {
  pollfd ready{file, events, 0};
  static_cast<void>(::poll(&ready, 1, -1));
}

// Calls step() again where a signal came between, or where it has to wait.
template <typename Step>
std::ptrdiff_t whole_step(int file, short events, const Step& step) {
  for (;;) {
    const std::ptrdiff_t done = step();
    if (done >= 0) return done;
    if (errno == EAGAIN)
      wait_for(file, events);
    else if (errno != EINTR)
      return done;
  }
}

// put(bytes, count, offset) until everything is written.
template <typename Put>
bool write_with(int file, const void* bytes, std::size_t count, const Put& put) {
  const char* next = static_cast<const char*>(bytes);
  for (std::size_t done = 0; done < count;) {
    const std::ptrdiff_t written =
        whole_step(file, POLLOUT, [&] { return put(next + done, count - done, done); });
    if (written < 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

void sync_folder(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;  // a folder may be writable and not readable; the rename has happened
  ::fsync(file);
  ::close(file);
}

}  // namespace

int open_to_read(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }

int open_to_write(const std::string& path) { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC); }

int open_nothing() { return open_to_write("/dev/null"); }

int create(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
}

int create_nameless(const std::string& folder) {
  errno = ENOTSUP;
#ifdef O_TMPFILE
  // give_name goes by /proc.
  if (::access("/proc/self/fd", X_OK) == 0)
    return ::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, kMode);
#endif
  return -1;
}

bool give_name(int nameless, const std::string& path) {
  return ::linkat(AT_FDCWD, self(nameless).c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

int duplicate(int file, int least) { return ::fcntl(file, F_DUPFD_CLOEXEC, least); }

bool redirect(int file, int target) { return ::dup2(target, file) >= 0; }

bool is_regular(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

std::uint64_t size_of(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::ptrdiff_t read_some(int file, void* to, std::size_t most) {
  return whole_step(file, POLLIN, [&] { return ::read(file, to, most); });
}

std::ptrdiff_t read_some_at(int file, std::uint64_t offset, void* to, std::size_t most) {
  return whole_step(file, POLLIN,
                    [&] { return ::pread(file, to, most, static_cast<off_t>(offset)); });
}

bool write_all(int file, const void* bytes, std::size_t count) {
  return write_with(file, bytes, count, [file](const char* from, std::size_t size, std::size_t) {
    return ::write(file, from, size);
  });
}

bool write_all_at(int file, std::uint64_t offset, const void* bytes, std::size_t count) {
  return write_with(file, bytes, count,
                    [file, offset](const char* from, std::size_t size, std::size_t done) {
                      return ::pwrite(file, from, size, static_cast<off_t>(offset + done));
                    });
}

bool sync(int file) { return ::fsync(file) == 0 || errno == EINVAL || errno == EROFS; }

void keep_permissions(int file, const std::string& path) {
  struct stat status {};
  // Those of another owner's file cannot always be kept.
  if (::stat(path.c_str(), &status) == 0) static_cast<void>(::fchmod(file, status.st_mode & 07777));
}

bool replace(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return false;
  const std::string folder = utf8_of(path_of(to).parent_path());
  sync_folder(folder.empty() ? "." : folder);
  return true;
}

void remove(const std::string& path) { ::unlink(path.c_str()); }

bool is_terminal(int file) { return ::isatty(file) != 0; }

int terminal_columns(int file) {
  winsize size{};
  return ::ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void on_interrupt(void (*handler)(int)) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = handler;
    // The default again after the first, and no call is started again after it.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &action, nullptr);
  }
}

std::string program_path() {
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown).string();
}

void become(const std::string& program, std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
}

void set_default(const char* variable, const char* value) { ::setenv(variable, value, 0); }

int process_number() { return ::getpid(); }

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace glowvox::platform

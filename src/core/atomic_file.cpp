// SPDX-License-Identifier: MIT
#include "core/atomic_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "core/descriptor.hpp"
#include "core/file_error.hpp"
#include "core/streams.hpp"

namespace glowvox {

namespace {

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Not derived from the target's name, which may already be as long as the file system allows.
std::string temporary_name(const std::string& directory) {
  static std::atomic<unsigned> counter{0};
  return directory + "/.glowvox-" + std::to_string(::getpid()) + "-" +
         std::to_string(counter.fetch_add(1)) + ".tmp";
}

// Pipes and character devices cannot be synced and say so; that is no failure.
bool sync_failed(int fd) { return ::fsync(fd) != 0 && errno != EINVAL && errno != EROFS; }

void sync_directory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // a directory may be writable and not readable; the rename has happened
  ::fsync(fd);
  ::close(fd);
}

// A descriptor that another program left in non-blocking mode.
void wait_for(int fd, short events) {
  pollfd ready{fd, events, 0};
  static_cast<void>(::poll(&ready, 1, -1));
}

}  // namespace

void throw_write_error(const std::string& where, int error) {
  if (error == EPIPE) throw BrokenPipe(where, "nobody reads it any more");
  throw cannot_write(where, error);
}

AtomicFile::AtomicFile(int descriptor, std::string name)
    : path_(std::move(name)), fd_(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)) {
  if (fd_ < 0) throw_write_error(path_, errno);
}

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  if (path.empty()) throw Error("output path", "it is empty", "give a file name");
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode))
    throw Error(path_, "cannot write: it is a directory", "give a file name");
  if (exists && !S_ISREG(status.st_mode)) {
    fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd_ < 0) throw cannot_write(path_);
    return;
  }
  // A symbolic link stays one: what it points to is replaced.
  std::error_code unresolved;
  target_ = path;
  if (exists) target_ = std::filesystem::canonical(path, unresolved).string();
  if (unresolved) target_ = path;

  // Without a name until commit(), so that no signal whatever leaves it behind; with one where the
  // file system cannot do that.
  if (::access("/proc/self/fd", X_OK) == 0)
    fd_ = ::open(directory_of(target_).c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  nameless_ = fd_ >= 0;
  if (!nameless_) {
    do {
      temporary_ = temporary_name(directory_of(target_));
      fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (fd_ < 0 && errno == EEXIST);
  }
  if (fd_ < 0) {
    const int error = errno;
    throw cannot_write(
        path_, error,
        error == ENOENT ? "create the directory " + directory_of(target_) + " first" : "");
  }
  // Best effort: the permissions of another owner's file cannot always be kept.
  if (exists) static_cast<void>(::fchmod(fd_, status.st_mode & 07777));
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

namespace {

// Calls put(bytes, count, offset) until everything is written.
template <typename Put>
void write_all(const std::string& path, int fd, const void* bytes, std::size_t count,
               const Put& put) {
  const char* next = static_cast<const char*>(bytes);
  for (std::uint64_t done = 0; done < count;) {
    const ssize_t written = put(next + done, count - done, done);
    if (written < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) throw_write_error(path, errno);
      wait_for(fd, POLLOUT);
      continue;
    }
    done += static_cast<std::uint64_t>(written);
  }
}

}  // namespace

void AtomicFile::write(const void* bytes, std::size_t count) {
  write_all(path_, fd_, bytes, count, [this](const char* from, std::size_t size, std::uint64_t) {
    return ::write(fd_, from, size);
  });
}

void AtomicFile::write_at(std::uint64_t offset, const void* bytes, std::size_t count) {
  write_all(path_, fd_, bytes, count,
            [this, offset](const char* from, std::size_t size, std::uint64_t done) {
              return ::pwrite(fd_, from, size, static_cast<off_t>(offset + done));
            });
}

// rename() needs a name; a link would not replace an existing target.
void AtomicFile::give_name() {
  const std::string self = "/proc/self/fd/" + std::to_string(fd_);
  int linked = -1;
  do {
    temporary_ = temporary_name(directory_of(target_));
    linked = ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW);
  } while (linked != 0 && errno == EEXIST);
  if (linked != 0) {
    const int error = errno;
    temporary_.clear();
    throw cannot_write(path_, error);
  }
}

void AtomicFile::commit() {
  if (sync_failed(fd_)) throw cannot_write(path_);
  if (nameless_) give_name();
  const int fd = fd_;
  fd_ = -1;
  const bool closed = ::close(fd) == 0;
  const int close_error = errno;
  if (temporary_.empty()) {
    if (!closed) throw cannot_write(path_, close_error);
    return;
  }
  if (!closed || ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int error = closed ? errno : close_error;
    ::unlink(temporary_.c_str());
    throw cannot_write(path_, error);
  }
  sync_directory(directory_of(target_));
}

void write_file(const std::string& path, const std::string& bytes) {
  AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

void write_output(const std::string& path, const std::string& bytes) {
  if (!is_standard(path)) return write_file(path, bytes);
  AtomicFile file(STDOUT_FILENO, kStandardOutput);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

std::string read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw cannot_read(path);
  return read_descriptor(file.get(), path);
}

std::string read_descriptor(int descriptor, const std::string& name) {
  std::string bytes;
  struct stat status {};
  std::size_t used = 0;
  // One byte more than the size, so that a regular file takes one read and one to see its end.
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    bytes.resize(static_cast<std::size_t>(status.st_size) + 1);
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() + bytes.size() / 2 + 65536);
    const ssize_t got = ::read(descriptor, &bytes[used], bytes.size() - used);
    if (got == 0) break;
    if (got > 0)
      used += static_cast<std::size_t>(got);
    else if (errno == EAGAIN)
      wait_for(descriptor, POLLIN);
    else if (errno != EINTR)
      throw cannot_read(name);
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "core/atomic_file.hpp"

#include <atomic>
#include <filesystem>

#include "core/descriptor.hpp"
#include "core/file_error.hpp"
#include "core/path.hpp"
#include "core/platform_tools.hpp"
#include "core/streams.hpp"

namespace glowvox {

namespace fs = std::filesystem;

namespace {

std::string directory_of(const std::string& path) {
  const std::string parent = utf8_of(path_of(path).parent_path());
  return parent.empty() ? "." : parent;
}

// Not derived from the target's name, which may already be as long as the file system allows.
std::string temporary_name(const std::string& directory) {
  static std::atomic<unsigned> counter{0};
  return directory + "/.glowvox-" + std::to_string(platform::process_number()) + "-" +
         std::to_string(counter.fetch_add(1)) + ".tmp";
}

}  // namespace

void throw_write_error(const std::string& where, int error) {
  if (error == EPIPE) throw BrokenPipe(where, "nobody reads it any more");
  throw cannot_write(where, error);
}

AtomicFile::AtomicFile(int descriptor, std::string name)
    : path_(std::move(name)), fd_(platform::duplicate(descriptor)) {
  if (fd_ < 0) throw_write_error(path_, errno);
}

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  if (path.empty()) throw Error("output path", "it is empty", "give a file name");
  std::error_code unknown;
  const fs::file_status status = fs::status(path_of(path), unknown);
  const bool exists = fs::exists(status);
  if (fs::is_directory(status))
    throw Error(path_, "cannot write: it is a directory", "give a file name");
  if (exists && !fs::is_regular_file(status)) {
    fd_ = platform::open_to_write(path);
    if (fd_ < 0) throw cannot_write(path_);
    return;
  }
  // A symbolic link stays one: what it points to is replaced.
  std::error_code unresolved;
  target_ = path;
  if (exists) target_ = utf8_of(fs::canonical(path_of(path), unresolved));
  if (unresolved) target_ = path;

  // Without a name until commit(), so that no signal whatever leaves it behind; with one where the
  // file system cannot do that.
  fd_ = platform::create_nameless(directory_of(target_));
  nameless_ = fd_ >= 0;
  if (!nameless_) {
    do {
      temporary_ = temporary_name(directory_of(target_));
      fd_ = platform::create(temporary_);
    } while (fd_ < 0 && errno == EEXIST);
  }
  if (fd_ < 0) {
    const int error = errno;
    throw cannot_write(
        path_, error,
        error == ENOENT ? "create the directory " + directory_of(target_) + " first" : "");
  }
  if (exists) platform::keep_permissions(fd_, path);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  platform::close_descriptor(fd_);
  if (!temporary_.empty()) platform::remove(temporary_);
}

void AtomicFile::write(const void* bytes, std::size_t count) {
  if (!platform::write_all(fd_, bytes, count)) throw_write_error(path_, errno);
}

void AtomicFile::write_at(std::uint64_t offset, const void* bytes, std::size_t count) {
  if (!platform::write_all_at(fd_, offset, bytes, count)) throw_write_error(path_, errno);
}

// rename() needs a name; a link would not replace an existing target.
void AtomicFile::give_name() {
  bool named = false;
  do {
    temporary_ = temporary_name(directory_of(target_));
    named = platform::give_name(fd_, temporary_);
  } while (!named && errno == EEXIST);
  if (!named) {
    const int error = errno;
    temporary_.clear();
    throw cannot_write(path_, error);
  }
}

void AtomicFile::commit() {
  if (!platform::sync(fd_)) throw cannot_write(path_);
  if (nameless_) give_name();
  const int fd = fd_;
  fd_ = -1;
  const bool closed = platform::close_descriptor(fd);
  const int close_error = errno;
  if (temporary_.empty()) {
    if (!closed) throw cannot_write(path_, close_error);
    return;
  }
  if (!closed || !platform::replace(temporary_, target_)) {
    const int error = closed ? errno : close_error;
    platform::remove(temporary_);
    throw cannot_write(path_, error);
  }
}

void write_file(const std::string& path, const std::string& bytes) {
  AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

void write_output(const std::string& path, const std::string& bytes) {
  if (!is_standard(path)) return write_file(path, bytes);
  AtomicFile file(platform::kOutput, kStandardOutput);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

std::string read_file(const std::string& path) {
  const Descriptor file(platform::open_to_read(path));
  if (file.get() < 0) throw cannot_read(path);
  return read_descriptor(file.get(), path);
}

std::string read_descriptor(int descriptor, const std::string& name) {
  std::string bytes;
  std::size_t used = 0;
  // One byte more than the size, so that a regular file takes one read and one to see its end.
  if (platform::is_regular(descriptor))
    bytes.resize(static_cast<std::size_t>(platform::size_of(descriptor)) + 1);
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() + bytes.size() / 2 + 65536);
    const std::ptrdiff_t got = platform::read_some(descriptor, &bytes[used], bytes.size() - used);
    if (got == 0) break;
    if (got < 0) throw cannot_read(name);
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace glowvox

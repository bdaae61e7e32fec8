// SPDX-License-Identifier: MIT
#include "core/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "core/descriptor.hpp"
#include "core/file_error.hpp"

namespace glowvox {

namespace {

std::int64_t written_ns(const struct stat& status) {
#if defined(__APPLE__)
  const timespec& time = status.st_mtimespec;
#else
  const timespec& time = status.st_mtim;
#endif
  return std::int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  // A pipe without a writer must not hold us up before it is refused.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw cannot_read(path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw Error(path, "expected a regular file", "copy it to one");
  size_ = static_cast<std::size_t>(status.st_size);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  written_ns_ = written_ns(status);
  if (size_ == 0) return;
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED)
    throw Error(path, std::string("cannot be mapped: ") + std::strerror(errno));
  data_ = static_cast<const char*>(memory);
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(const_cast<char*>(data_), size_);
}

void MappedFile::forget() const {
  if (size_ > 0) ::madvise(const_cast<char*>(data_), size_, MADV_DONTNEED);
}

bool MappedFile::rewritten() const {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) return false;
  return now.st_dev == device_ && now.st_ino == inode_ &&
         (static_cast<std::size_t>(now.st_size) != size_ || written_ns(now) != written_ns_);
}

}  // namespace glowvox

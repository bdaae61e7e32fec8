// SPDX-License-Identifier: MIT
// Output that is never half written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "glowvox/error.hpp"

namespace glowvox {

// Nobody reads any more what is written, as when the next program of a pipeline has ended.
class BrokenPipe : public Error {
 public:
  using Error::Error;
};

// What failed with errno `error` while it was written: a BrokenPipe where that is why.
[[noreturn]] void throw_write_error(const std::string& where, int error);

// Collects an output file under a temporary name beside its target; commit() syncs and renames it.
// Destroyed without commit(), nothing is left. A target that exists and is not a regular file (a
// device, a pipe) is written straight. Every failure is an Error naming the target.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  // What is open already, written straight; `name` is for messages.
  AtomicFile(int descriptor, std::string name);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(const void* bytes, std::size_t count);
  // Whether write_at works: not for what is written straight.
  bool seekable() const { return nameless_ || !temporary_.empty(); }
  void write_at(std::uint64_t offset, const void* bytes, std::size_t count);
  void commit();

 private:
  std::string path_;
  std::string target_;     // path_ with symbolic links followed
  std::string temporary_;  // empty when written straight
  bool nameless_ = false;  // an unnamed temporary file: the name comes with commit()
  int fd_ = -1;
  void give_name();
};

// The whole of bytes as one atomic file.
void write_file(const std::string& path, const std::string& bytes);
// As write_file; path "-": standard output.
void write_output(const std::string& path, const std::string& bytes);
// Whole file; throws Error when it cannot be read.
std::string read_file(const std::string& path);
// From where it stands to its end; `name` is for messages.
std::string read_descriptor(int descriptor, const std::string& name);

}  // namespace glowvox

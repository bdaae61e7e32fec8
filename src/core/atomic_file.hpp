// SPDX-License-Identifier: MIT
// Output that is never half written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace glowvox {

// Collects an output file under a temporary name beside its target; commit() syncs and renames it.
// Destroyed without commit(), nothing is left. A target that exists and is not a regular file (a
// device, a pipe) is written straight. Every failure is an Error naming the target.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
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
// Whole file; throws Error when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace glowvox

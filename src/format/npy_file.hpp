// An npy file, read in pieces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/descriptor.hpp"

namespace glowvox::format {

// npy versions 1 to 3; little- or big-endian f2, f4, f8; C or Fortran order. Throws Error naming
// the file for anything else, for a payload shorter than its header says, and for absurd shapes.
// What is no regular file (a pipe) is read at once, a regular one as it is asked for.
class NpyFile {
 public:
  explicit NpyFile(const std::string& path);

  const std::string& path() const { return path_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::int64_t count() const { return count_; }
  // Items between neighbours along every axis.
  const std::vector<std::int64_t>& strides() const { return strides_; }
  // Items [first, first + count) in the file's own order.
  void read(std::int64_t first, std::int64_t count, float* out) const;

 private:
  std::string bytes(std::uint64_t at, std::uint64_t count) const;

  std::string path_;
  Descriptor file_;
  std::string held_;  // all of what is no regular file
  std::uint64_t size_ = 0, payload_ = 0;
  std::uint64_t item_bytes_ = 4;
  bool big_endian_ = false;
  std::vector<std::int64_t> shape_, strides_;
  std::int64_t count_ = 0;
};

}  // namespace glowvox::format

// SPDX-License-Identifier: MIT
// An npy file, read in pieces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arrays/array_file.hpp"
#include "core/descriptor.hpp"

namespace glowvox::arrays {

// npy versions 1 to 3; little- or big-endian f2, f4, f8; C or Fortran order. Throws Error naming
// the file for anything else, for a payload shorter than its header says, and for absurd shapes.
class NpyFile : public ArrayFile {
 public:
  // A regular file is read as it is asked for, anything else (a pipe) at once.
  explicit NpyFile(const std::string& path);
  // The content of one.
  NpyFile(std::string content, const std::string& path);

  static bool recognizes(const char* data, std::size_t size);
  void read(std::int64_t first, std::int64_t count, float* out) const override;

 private:
  void parse();
  std::string bytes(std::uint64_t at, std::uint64_t count) const;

  Descriptor file_;
  std::string held_;  // all of what is no regular file
  std::uint64_t size_ = 0, payload_ = 0;
  std::uint64_t item_bytes_ = 4;
  bool big_endian_ = false;
};

}  // namespace glowvox::arrays

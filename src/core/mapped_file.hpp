// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "core/platform.hpp"

namespace glowvox {

// A whole file in memory, read by the system as it is touched. Throws Error when it cannot be.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const char* data() const { return mapping_.data; }
  std::size_t size() const { return static_cast<std::size_t>(mapping_.state.size); }
  // Gives the memory of what was touched back to the system.
  void forget() const;
  // Whether the file was written to in place since it was mapped, as far as its path tells: what is
  // mapped may be anything then. Another file in its place, or none, is no harm.
  bool rewritten() const;

 private:
  std::string path_;
  platform::FileMapping mapping_;
};

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace glowvox {

// A whole file in memory, read by the system as it is touched. Throws Error when it cannot be.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace glowvox

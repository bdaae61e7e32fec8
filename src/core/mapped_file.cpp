// SPDX-License-Identifier: MIT
#include "core/mapped_file.hpp"

namespace glowvox {

MappedFile::MappedFile(const std::string& path) : path_(path), mapping_(platform::map_file(path)) {}

MappedFile::~MappedFile() { platform::unmap_file(data(), size()); }

void MappedFile::forget() const { platform::forget_file(data(), size()); }

bool MappedFile::rewritten() const {
  const platform::FileState& then = mapping_.state;
  const std::optional<platform::FileState> now = platform::file_state(path_);
  if (!now) return false;
  return now->device == then.device && now->inode == then.inode &&
         (now->size != then.size || now->written_ns != then.written_ns);
}

}  // namespace glowvox

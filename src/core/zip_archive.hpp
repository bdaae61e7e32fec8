// SPDX-License-Identifier: MIT
// Zip archives in memory (libzip).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glowvox {

// An archive whose bytes somebody else keeps. Throws Error naming `path` for what is no archive, is
// damaged (every entry's checksum is compared as it is read) or encrypted.
class ZipReader {
 public:
  ZipReader(const char* data, std::size_t size, std::string path);
  ~ZipReader();
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;

  const std::vector<std::string>& names() const { return names_; }  // in the archive's order
  bool has(const std::string& name) const;
  std::uint64_t size_of(const std::string& name) const;  // uncompressed; 0 when absent
  // The whole entry; throws Error when there is none, or when it is larger than `most` bytes.
  std::string read(const std::string& name, std::uint64_t most) const;

 private:
  struct Handle;
  std::string path_;
  std::uint64_t archive_bytes_;
  std::unique_ptr<Handle> handle_;
  std::vector<std::string> names_;
};

struct ZipEntry {
  std::string name;
  std::string_view bytes;  // somebody else's
};

// An archive of uncompressed entries; the same entries give the same bytes. `path` for errors.
std::string make_zip(const std::vector<ZipEntry>& entries, const std::string& path);

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "core/zip_archive.hpp"

#include <fmt/format.h>
#include <zip.h>

#include "glowvox/error.hpp"

namespace glowvox {

namespace {

constexpr zip_uint16_t kDosDate = (1 << 5) | 1;  // 1980-01-01, the format's first day
constexpr std::uint64_t kMostInflated = std::uint64_t{4} << 30;
constexpr std::uint64_t kMostDeflation = 1032;  // times as small, at best (zlib's documentation)

std::string text_of(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

struct Close {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

struct Release {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, Release>;

Archive open_archive(zip_source_t* source, int flags, const std::string& path) {
  zip_error_t error;
  zip_error_init(&error);
  zip_t* archive = zip_open_from_source(source, flags, &error);
  if (archive == nullptr) throw Error(path, "not a zip archive, or damaged: " + text_of(&error));
  zip_source_keep(source);  // the archive has taken the caller's share
  return Archive(archive);
}

}  // namespace

struct ZipReader::Handle {
  Source source;
  Archive archive;
};

ZipReader::ZipReader(const char* data, std::size_t size, std::string path)
    : path_(std::move(path)), archive_bytes_(size), handle_(std::make_unique<Handle>()) {
  zip_error_t error;
  zip_error_init(&error);
  handle_->source.reset(zip_source_buffer_create(data, size, 0, &error));
  if (!handle_->source) throw Error(path_, text_of(&error));
  handle_->archive = open_archive(handle_->source.get(), ZIP_RDONLY, path_);
  const zip_int64_t count = zip_get_num_entries(handle_->archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name =
        zip_get_name(handle_->archive.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
    if (name != nullptr) names_.emplace_back(name);
  }
}

ZipReader::~ZipReader() = default;

bool ZipReader::has(const std::string& name) const {
  return zip_name_locate(handle_->archive.get(), name.c_str(), 0) >= 0;
}

std::uint64_t ZipReader::size_of(const std::string& name) const {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(handle_->archive.get(), name.c_str(), 0, &stat) != 0) return 0;
  const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if ((stat.valid & needed) != needed) return 0;
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
    throw Error(path_,
                fmt::format("entry '{}' is compressed by method {}, expected none or deflate", name,
                            stat.comp_method));
  // An archive that lies about sizes must not make us ask for that much memory.
  const bool stored = stat.comp_method == ZIP_CM_STORE;
  if (stored ? stat.size > archive_bytes_
             : stat.size > kMostInflated || stat.size / kMostDeflation > stat.comp_size)
    throw Error(path_, fmt::format("entry '{}' cannot hold {} bytes in {}", name, stat.size,
                                   stat.comp_size));
  return stat.size;
}

std::string ZipReader::read(const std::string& name, std::uint64_t most) const {
  zip_t* archive = handle_->archive.get();
  if (!has(name)) throw Error(path_, "the archive has no entry '" + name + "'");
  const std::uint64_t size = size_of(name);
  if (size > most)
    throw Error(path_,
                fmt::format("entry '{}' has {} bytes, expected at most {}", name, size, most));
  const std::unique_ptr<zip_file_t, Close> file(zip_fopen(archive, name.c_str(), 0));
  if (!file) throw Error(path_, "entry '" + name + "' cannot be read: " + zip_strerror(archive));
  std::string bytes(size, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    const zip_int64_t got = zip_fread(file.get(), &bytes[done], size - done);
    if (got <= 0) break;
    done += static_cast<std::uint64_t>(got);
  }
  // The checksum is compared at the end of the entry.
  char past = 0;
  const bool whole = done == size && zip_fread(file.get(), &past, 1) == 0;
  if (!whole)
    throw Error(path_,
                fmt::format("entry '{}' is damaged: {}", name, zip_file_strerror(file.get())));
  return bytes;
}

std::string make_zip(const std::vector<ZipEntry>& entries, const std::string& path) {
  zip_error_t error;
  zip_error_init(&error);
  const Source source(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!source) throw Error(path, text_of(&error));
  Archive archive = open_archive(source.get(), ZIP_TRUNCATE, path);
  for (const ZipEntry& entry : entries) {
    zip_source_t* part =
        zip_source_buffer(archive.get(), entry.bytes.data(), entry.bytes.size(), 0);
    const zip_int64_t at =
        part == nullptr ? -1
                        : zip_file_add(archive.get(), entry.name.c_str(), part, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
      zip_source_free(part);
      throw Error(path, "cannot add '" + entry.name + "': " + zip_strerror(archive.get()));
    }
    const auto index = static_cast<zip_uint64_t>(at);
    zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0);
    zip_file_set_dostime(archive.get(), index, 0, kDosDate, 0);
  }
  if (zip_close(archive.get()) != 0)
    throw Error(path, std::string("cannot be written: ") + zip_strerror(archive.get()));
  static_cast<void>(archive.release());
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_source_stat(source.get(), &stat) != 0 || zip_source_open(source.get()) != 0)
    throw Error(path, text_of(zip_source_error(source.get())));
  std::string bytes(stat.size, '\0');
  const zip_int64_t got = zip_source_read(source.get(), bytes.data(), bytes.size());
  zip_source_close(source.get());
  if (got != static_cast<zip_int64_t>(bytes.size()))
    throw Error(path, "the archive cannot be read back");
  return bytes;
}

}  // namespace glowvox

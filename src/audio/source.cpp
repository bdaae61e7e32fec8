// SPDX-License-Identifier: MIT
#include "audio/source.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>

#include "audio/riff.hpp"
#include "core/atomic_file.hpp"
#include "core/file_error.hpp"
#include "core/path.hpp"
#include "core/platform_tools.hpp"
#include "core/streams.hpp"

namespace glowvox::audio {

namespace {

constexpr std::uint64_t kRiffSizeAt = 4, kSizeBytes = 4;
constexpr std::size_t kLooksAt = 256;  // bytes
constexpr int kMpeg = 0x230000;        // SF_FORMAT_MPEG, which older versions do not have
constexpr std::size_t kId3Bytes = 10;

bool is_text(const std::string& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + std::min(bytes.size(), kLooksAt), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isprint(byte) != 0 || std::isspace(byte) != 0;
  });
}

}  // namespace

Source::Source(const std::string& path) : name_(input_name(path)) {
  if (is_standard(path)) {
    if (platform::is_terminal(platform::kInput))
      throw Error(name_, "is a terminal, expected a sound", "pipe one into it");
    bytes_ = read_descriptor(platform::kInput, name_);
    in_memory_ = true;
  } else {
    std::error_code unknown;
    if (std::filesystem::is_directory(path_of(path), unknown))
      throw Error(path, "is a directory, expected an audio file");
    disk_.reset(platform::open_to_read(path));
    if (disk_.get() < 0) throw cannot_read(path);
    in_memory_ = !platform::is_regular(disk_.get());
    if (in_memory_) bytes_ = read_descriptor(disk_.get(), path);
    size_ = platform::size_of(disk_.get());
  }
  if (in_memory_) size_ = bytes_.size();
  correct_header();
}

std::string Source::advice() const {
  return in_memory_ ? "did the program that writes into the pipe fail?" : "";
}

std::size_t Source::read_at(std::uint64_t offset, char* to, std::size_t count) const {
  if (offset >= size_) return 0;
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset));
  if (in_memory_) {
    std::memcpy(to, &bytes_[static_cast<std::size_t>(offset)], count);
    return count;
  }
  std::size_t done = 0;
  while (done < count) {
    const std::ptrdiff_t got =
        platform::read_some_at(disk_.get(), offset + done, to + done, count - done);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::size_t Source::read_corrected(std::uint64_t offset, char* to, std::size_t count) const {
  const std::size_t got = read_at(offset, to, count);
  for (const Correction& c : corrections_)
    for (std::size_t i = 0; i < c.bytes.size(); ++i)
      if (c.at + i >= offset && c.at + i < offset + got) to[c.at + i - offset] = c.bytes[i];
  return got;
}

void Source::correct_header() {
  const auto sound =
      find_wav_sound([this](std::uint64_t offset, char* to,
                            std::size_t count) { return read_at(offset, to, count); },
                     size_);
  if (!sound) return;
  present_ = size_ - sound->begin();
  if (!sound->unknown) {
    missing_ = sound->bytes > present_ ? sound->bytes - present_ : 0;
    return;
  }
  const std::uint64_t riff_bytes = size_ - kRiffSizeAt - kSizeBytes;
  if (riff_bytes >= kUnknownBytes)
    throw Error(name_, "is a wav of unknown length and holds more than 4 GiB",
                "make it a flac or several files");
  corrections_ = {{kRiffSizeAt, little_endian(riff_bytes, kSizeBytes)},
                  {sound->size_at, little_endian(present_, kSizeBytes)}};
}

SF_VIRTUAL_IO Source::callbacks() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* user) {
    return static_cast<sf_count_t>(static_cast<Source*>(user)->size_);
  };
  io.seek = [](sf_count_t offset, int whence, void* user) {
    auto& s = *static_cast<Source*>(user);
    const std::uint64_t base = whence == SEEK_CUR ? s.position_ : whence == SEEK_END ? s.size_ : 0;
    const sf_count_t to = static_cast<sf_count_t>(base) + offset;
    if (to < 0) return sf_count_t{-1};
    s.position_ = static_cast<std::uint64_t>(to);
    return to;
  };
  io.read = [](void* to, sf_count_t count, void* user) {
    auto& s = *static_cast<Source*>(user);
    const std::size_t got =
        s.read_corrected(s.position_, static_cast<char*>(to), static_cast<std::size_t>(count));
    s.position_ += got;
    return static_cast<sf_count_t>(got);
  };
  io.write = [](const void*, sf_count_t, void*) { return sf_count_t{0}; };
  io.tell = [](void* user) {
    return static_cast<sf_count_t>(static_cast<Source*>(user)->position_);
  };
  return io;
}

void Source::open() {
  if (in_memory_ && size_ == 0) throw Error(name_, "is empty, expected a sound", advice());
  SF_VIRTUAL_IO io = callbacks();
  // A whole file is libsndfile's own, which knows some by their names alone.
  const bool whole = !in_memory_ && corrections_.empty();
  file_.reset(whole ? sf_open(name_.c_str(), SFM_READ, &info_)
                    : sf_open_virtual(&io, SFM_READ, &info_, this));
  if (file_) return;
  const std::string problem =
      std::string("not an audio file that libsndfile reads: ") + sf_strerror(nullptr);
  if (!in_memory_) throw Error(name_, problem);
  if (is_text(bytes_)) throw Error(name_, "holds text, expected a sound", advice());
  throw Error(name_, problem,
              "send it with a header, as by sox FILE -t wav - or ffmpeg -i FILE -f wav -");
}

// Of mp3 a first frame named Xing or Info says the length; without it libsndfile has estimated it.
bool Source::is_estimate() const {
  if ((info_.format & SF_FORMAT_TYPEMASK) != kMpeg) return false;
  char head[kId3Bytes];
  std::uint64_t first = 0;
  if (read_at(0, head, kId3Bytes) == kId3Bytes && std::memcmp(head, "ID3", 3) == 0) {
    for (int i = 6; i < 10; ++i) first = first << 7 | static_cast<unsigned char>(head[i]);
    first += kId3Bytes;
  }
  std::string frame(kLooksAt, '\0');
  frame.resize(read_at(first, frame.data(), frame.size()));
  return frame.find("Xing") == std::string::npos && frame.find("Info") == std::string::npos;
}

// libsndfile takes a wav file for as long as it is: what its header announces is in proportion.
sf_count_t Source::announced_frames() const {
  if (info_.frames >= SF_COUNT_MAX || is_estimate()) return 0;
  if (missing_ == 0 || present_ == 0) return info_.frames;
  const double whole = static_cast<double>(present_ + missing_) / static_cast<double>(present_);
  return static_cast<sf_count_t>(whole * static_cast<double>(info_.frames));
}

}  // namespace glowvox::audio

// SPDX-License-Identifier: MIT
// Clips in packed corpora: read from the mapped file, without any sound library.
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/checksum.hpp"
#include "core/mapped_file.hpp"
#include "glowvox/error.hpp"
#include "train/pack.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPackAgain = "copy it again, or pack it again with glowvox pack";

// Takes values from the index, none from beyond its end.
class IndexReader {
 public:
  IndexReader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text(std::size_t length) { return std::string(take(length)); }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) throw Error(where_, "its index ends too early", kPackAgain);
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::string_view bytes_;
  const std::string& where_;
};

// One file: a packed corpus or a part of one.
struct PackFile {
  explicit PackFile(const std::string& where) : path(where), file(where) {
    if (file.size() < sizeof header)
      throw Error(path,
                  fmt::format("is cut short: expected {} bytes or more, got {}", sizeof header,
                              file.size()),
                  kPackAgain);
    std::memcpy(&header, file.data(), sizeof header);
    if (std::memcmp(header.magic, kPackMagic, sizeof header.magic) != 0)
      throw Error(path, "is not a packed corpus: it does not begin with 'glowpack'");
    if (header.checksum != crc32c(&header, offsetof(PackHeader, checksum)))
      throw Error(path, "its header is damaged: the checksum differs", kPackAgain);
    if (header.version != kPackVersion)
      throw Error(path, fmt::format("expected a packed corpus of version {}, got {}", kPackVersion,
                                    header.version));
    const auto room = static_cast<std::int64_t>(file.size() - sizeof header);
    if (header.samples < 0 || header.index_bytes < 0 || header.samples > room / 2 ||
        header.index_bytes != room - 2 * header.samples)
      throw Error(path,
                  fmt::format("expected {} bytes of samples and {} of index, got {} together",
                              2 * header.samples, header.index_bytes, room),
                  kPackAgain);
    if (header.part >= header.parts || header.sample_rate_hz == 0)
      throw Error(path, "its header makes no sense", kPackAgain);
    if (crc32c(index().data(), index().size()) != header.index_checksum)
      throw Error(path, "its index is damaged: the checksum differs", kPackAgain);
  }
  std::string_view index() const {
    return {file.data() + sizeof header + 2 * header.samples,
            static_cast<std::size_t>(header.index_bytes)};
  }

  std::string path;
  MappedFile file;
  PackHeader header;
};

class PackedClips : public ClipSource {
 public:
  PackedClips(const std::vector<std::string>& paths, int sample_rate_hz, SpeakerRule speakers) {
    for (const std::string& path : paths) {
      files_.push_back(std::make_shared<PackFile>(path));
      const PackHeader& header = files_.back()->header;
      if (header.sample_rate_hz != static_cast<std::uint32_t>(sample_rate_hz))
        throw Error(path,
                    fmt::format("holds {} Hz, the model takes {} Hz", header.sample_rate_hz,
                                sample_rate_hz),
                    fmt::format("pack the recordings again with --rate {}", sample_rate_hz));
      const PackHeader& first = files_.front()->header;
      if (header.packing != first.packing || header.parts != first.parts)
        throw Error(path, "is a part of another packed corpus than " + files_.front()->path,
                    "copy the parts of one glowvox pack together");
      read_index(files_.back(), speakers);
    }
    checked_ = std::vector<std::atomic<bool>>(clips_.size());
  }

  Samples read(std::size_t clip) const override {
    const Place& place = places_[clip];
    if (!checked_[clip]) {
      const auto bytes = static_cast<std::size_t>(2 * clips_[clip].samples);
      if (crc32c(place.samples, bytes) != place.checksum)
        throw Error(clips_[clip].path, "is damaged: the checksum differs", kPackAgain);
      checked_[clip] = true;
    }
    return {place.file, place.samples};
  }

  bool in_memory() const override { return true; }

 private:
  struct Place {
    std::shared_ptr<const PackFile> file;
    const std::int16_t* samples;
    std::uint32_t checksum;
  };

  void read_index(const std::shared_ptr<const PackFile>& file, SpeakerRule speakers) {
    IndexReader index(file->index(), file->path);
    std::vector<WeightedPath> lists;
    for (std::uint32_t i = 0; i < file->header.lists; ++i) {
      const auto weight = index.number<double>();
      lists.push_back({index.text(index.number<std::uint32_t>()), weight});
      if (!(weight > 0.0) || !std::isfinite(weight))
        throw Error(file->path, fmt::format("its list {} has the weight {}", i, weight),
                    kPackAgain);
    }
    lists_ = lists;  // every part has the same
    const auto* samples =
        reinterpret_cast<const std::int16_t*>(file->file.data() + sizeof(PackHeader));
    std::int64_t left = file->header.samples;
    for (std::uint32_t i = 0; i < file->header.clips; ++i) {
      ClipInfo clip;
      clip.list = index.number<std::uint32_t>();
      const auto checksum = index.number<std::uint32_t>();
      clip.samples = index.number<std::int64_t>();
      const auto path_length = index.number<std::uint32_t>();
      const auto speaker_length = index.number<std::uint32_t>();
      clip.listed = index.text(path_length);
      clip.path = file->path + ": " + clip.listed;
      clip.speaker = index.text(speaker_length);
      if (speakers != SpeakerRule::kName) clip.speaker = speaker_of(clip.listed, speakers);
      if (clip.list >= lists_.size() || clip.samples <= 0 || clip.samples > left)
        throw Error(file->path, "its index does not fit its samples", kPackAgain);
      places_.push_back({file, samples, checksum});
      samples += clip.samples;
      left -= clip.samples;
      clips_.push_back(std::move(clip));
    }
    if (left != 0 || !index.at_end())
      throw Error(file->path, "its index does not fit its samples", kPackAgain);
  }

  std::vector<std::shared_ptr<const PackFile>> files_;
  std::vector<Place> places_;
  mutable std::vector<std::atomic<bool>> checked_;
};

// The first part that is there, or a value beyond any.
std::uint32_t first_part(const std::string& path) {
  for (std::uint32_t part = 0; part < kMostParts; ++part)
    if (fs::exists(part_path(path, part))) return part;
  return kMostParts;
}

}  // namespace

std::string part_path(const std::string& path, std::uint32_t part) {
  return fmt::format("{}.part-{:02}", path, part);
}

bool is_packed(const std::string& path) {
  std::error_code unknown;
  if (!fs::exists(path, unknown)) return first_part(path) < kMostParts;
  if (!fs::is_regular_file(path, unknown)) return false;
  char magic[sizeof kPackMagic] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  return std::memcmp(magic, kPackMagic, sizeof magic) == 0;
}

std::unique_ptr<ClipSource> open_packed(const std::string& path, int sample_rate_hz,
                                        SpeakerRule speakers, bool incomplete,
                                        const Notify& notify) {
  std::vector<std::string> paths;
  if (fs::exists(path)) {
    paths.push_back(path);
    const PackHeader header = PackFile(path).header;
    if (header.parts > 1)
      notify(fmt::format("{}: part {} of {} alone", path, header.part, header.parts));
  } else {
    const std::uint32_t parts = PackFile(part_path(path, first_part(path))).header.parts;
    std::string missing;
    for (std::uint32_t part = 0; part < parts; ++part) {
      if (fs::exists(part_path(path, part)))
        paths.push_back(part_path(path, part));
      else
        missing += fmt::format("{}{:02}", missing.empty() ? "" : ", ", part);
    }
    if (!missing.empty() && !incomplete)
      throw Error(path, fmt::format("expected {} parts, missing: part {}", parts, missing),
                  "copy them there, or give --incomplete to do without");
    if (!missing.empty())
      notify(fmt::format("{}: {} of {} parts (missing: {})", path, paths.size(), parts, missing));
  }
  return std::make_unique<PackedClips>(paths, sample_rate_hz, speakers);
}

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
#include "train/pack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "core/atomic_file.hpp"
#include "core/checksum.hpp"
#include "glowvox/error.hpp"
#include "train/corpus.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;

namespace {

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string index_entry(const ClipInfo& clip, std::uint32_t checksum) {
  std::string entry;
  append(entry, static_cast<std::uint32_t>(clip.list));
  append(entry, checksum);
  append(entry, clip.samples);
  append(entry, static_cast<std::uint32_t>(clip.listed.size()));
  append(entry, static_cast<std::uint32_t>(clip.speaker.size()));
  return entry + clip.listed + clip.speaker;
}

std::string index_of(const std::vector<WeightedPath>& lists) {
  std::string index;
  for (const WeightedPath& list : lists) {
    append(index, list.weight);
    append(index, static_cast<std::uint32_t>(list.path.size()));
    index += list.path;
  }
  return index;
}

// Where one part ends and the next begins: the first clip of each, and the end.
std::vector<std::size_t> divide(const Corpus& corpus, std::int64_t start_bytes,
                                std::int64_t most_bytes) {
  std::vector<std::size_t> begins = {0};
  std::int64_t bytes = start_bytes;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const std::int64_t own =
        2 * corpus.samples(i) + static_cast<std::int64_t>(index_entry(corpus.clip(i), 0).size());
    if (most_bytes > 0 && start_bytes + own > most_bytes)
      throw Error(corpus.path(i),
                  fmt::format("expected recordings that fit a part of {:.1f} MiB, got {:.1f} MiB",
                              static_cast<double>(most_bytes) / (1 << 20),
                              static_cast<double>(start_bytes + own) / (1 << 20)),
                  "give a larger --part-mib");
    if (most_bytes > 0 && bytes + own > most_bytes) {
      begins.push_back(i);
      bytes = start_bytes;
    }
    bytes += own;
  }
  begins.push_back(corpus.size());
  return begins;
}

// What belongs together is told by its recordings: names, lengths, how it was divided.
std::uint32_t packing_of(const Corpus& corpus, const std::vector<std::size_t>& begins, int rate) {
  std::string all = index_of(corpus.lists()) + std::to_string(rate);
  for (const std::size_t begin : begins) all += ' ' + std::to_string(begin);
  std::uint32_t sum = crc32c(all.data(), all.size());
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const std::string entry = index_entry(corpus.clip(i), 0);
    sum = crc32c(entry.data(), entry.size(), sum);
  }
  return sum;
}

}  // namespace

PackSummary pack(const PackOptions& options, const std::string& path, const Notify& notify,
                 const std::function<void(std::size_t, std::size_t)>& progress) {
  // Nothing is read twice.
  const Corpus corpus(options.data, options.sample_rate_hz, notify, 0);
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    if (corpus.clip(i).mel.empty()) continue;
    notify(
        "the mels that a list names are not packed; train --mels takes them beside the recordings");
    break;
  }
  const std::string lists = index_of(corpus.lists());
  const auto begins = divide(corpus, static_cast<std::int64_t>(sizeof(PackHeader) + lists.size()),
                             options.part_bytes);
  PackHeader header{};
  std::memcpy(header.magic, kPackMagic, sizeof header.magic);
  header.version = kPackVersion;
  header.sample_rate_hz = static_cast<std::uint32_t>(options.sample_rate_hz);
  header.parts = static_cast<std::uint32_t>(begins.size() - 1);
  header.lists = static_cast<std::uint32_t>(corpus.lists().size());
  header.packing = packing_of(corpus, begins, options.sample_rate_hz);
  const bool in_parts = options.part_bytes > 0;
  if (header.parts > kMostParts)
    throw Error(path, fmt::format("expected {} parts or fewer, got {}", kMostParts, header.parts),
                "give a larger --part-mib");
  if (in_parts && fs::exists(path))
    throw Error(path, "is there already, and would hide the parts", "remove it first");

  PackSummary summary;
  std::set<std::pair<std::size_t, std::string>> speakers;
  for (std::uint32_t part = 0; part < header.parts; ++part) {
    header.part = part;
    header.clips = static_cast<std::uint32_t>(begins[part + 1] - begins[part]);
    header.samples = 0;
    summary.paths.push_back(in_parts ? part_path(path, part) : path);
    AtomicFile file(summary.paths.back());
    if (!file.seekable())
      throw Error(summary.paths.back(), "cannot be written in any order", "pack into a file");
    std::string index = lists;
    const PackHeader to_come{};
    file.write(&to_come, sizeof to_come);
    for (std::size_t i = begins[part]; i < begins[part + 1]; ++i) {
      const Samples samples = corpus.read(i);
      const auto bytes = static_cast<std::size_t>(2 * corpus.samples(i));
      file.write(samples.get(), bytes);
      index += index_entry(corpus.clip(i), crc32c(samples.get(), bytes));
      header.samples += corpus.samples(i);
      speakers.emplace(corpus.clip(i).list, corpus.clip(i).speaker);
      progress(i + 1, corpus.size());
    }
    file.write(index.data(), index.size());
    header.index_bytes = static_cast<std::int64_t>(index.size());
    header.index_checksum = crc32c(index.data(), index.size());
    header.checksum = crc32c(&header, offsetof(PackHeader, checksum));
    file.write_at(0, &header, sizeof header);
    file.commit();
    summary.bytes +=
        static_cast<std::int64_t>(sizeof header) + 2 * header.samples + header.index_bytes;
  }
  summary.clips = corpus.size();
  summary.speakers = speakers.size();
  summary.seconds = corpus.seconds();
  return summary;
}

}  // namespace glowvox::train

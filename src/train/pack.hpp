// SPDX-License-Identifier: MIT
// A packed corpus: 16-bit samples at one rate in one file, or in parts of it that can be copied and
// used one by one.
//
//   header   64 bytes, see PackHeader
//   samples  int16, clip after clip
//   index    lists: weight (float64), length of the name (uint32), name
//            clips: list (uint32), checksum of the samples' bytes (uint32, CRC-32C), samples
//                   (int64), lengths of path and speaker (uint32 each), path, speaker
//
// Little-endian throughout.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/clip_source.hpp"

namespace glowvox::train {

constexpr char kPackMagic[8] = {'g', 'l', 'o', 'w', 'p', 'a', 'c', 'k'};
constexpr std::uint32_t kPackVersion = 1, kMostParts = 1000;

struct PackHeader {
  char magic[8];
  std::uint32_t version, sample_rate_hz;
  std::uint32_t part, parts;   // which of how many
  std::uint32_t lists, clips;  // in this part's index
  std::int64_t samples;        // of this part
  std::int64_t index_bytes;
  std::uint32_t packing;  // of parts that belong together
  std::uint32_t index_checksum;
  std::uint32_t reserved;
  std::uint32_t checksum;  // of what stands before it
};
static_assert(sizeof(PackHeader) == 64);

// "corpus.bin" and 3: "corpus.bin.part-03".
std::string part_path(const std::string& path, std::uint32_t part);

// Whether `path` is a packed corpus or one of its parts, or parts of it stand beside it.
bool is_packed(const std::string& path);

// Its clips, read from the mapped file; a clip's checksum is compared when it is first read. Throws
// Error for a file that is damaged or has another rate, and for missing parts unless `incomplete`.
std::unique_ptr<ClipSource> open_packed(const std::string& path, int sample_rate_hz,
                                        SpeakerRule speakers, bool incomplete,
                                        const Notify& notify);

struct PackOptions {
  DataOptions data;
  int sample_rate_hz = 22050;
  std::int64_t part_bytes = 0;  // 0: one file; else no part is larger
};

struct PackSummary {
  std::vector<std::string> paths;  // the files written
  std::size_t clips = 0, speakers = 0;
  double seconds = 0.0;
  std::int64_t bytes = 0;
};

// progress(done, all) is told the clips. Every file is written whole or not at all.
PackSummary pack(const PackOptions& options, const std::string& path, const Notify& notify,
                 const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace glowvox::train

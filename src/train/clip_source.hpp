// SPDX-License-Identifier: MIT
// Where a corpus' clips come from: sound files, or one packed file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/data.hpp"

namespace glowvox::train {

using Notify = std::function<void(const std::string&)>;

struct ClipInfo {
  std::string path;     // for messages: where it is
  std::string listed;   // as its list has it
  std::string speaker;  // see SpeakerRule
  std::string mel;      // the file of its predicted mel; empty: none
  std::int64_t samples = 0;
  std::size_t list = 0;
};

// 16-bit samples of a clip, which stay while this lives.
using Samples = std::shared_ptr<const std::int16_t>;

class ClipSource {
 public:
  virtual ~ClipSource() = default;
  const std::vector<ClipInfo>& clips() const { return clips_; }
  const std::vector<WeightedPath>& lists() const { return lists_; }  // one, but for packed corpora
  // Throws Error when the clip cannot be read. Thread-safe.
  virtual Samples read(std::size_t clip) const = 0;
  // Whether reading is for nothing, so that nobody need keep what was read.
  virtual bool in_memory() const = 0;

 protected:
  std::vector<ClipInfo> clips_;
  std::vector<WeightedPath> lists_;
};

// Paths of the recordings of a list or a folder, see train/sound_list.hpp.
std::vector<std::string> list_recordings(const std::string& list_or_folder);
// Those of them that can be decoded; notify is told of the others.
std::vector<std::string> readable_recordings(const std::string& list_or_folder,
                                             const Notify& notify);

// A list's or folder's recordings, decoded, resampled and mixed down when they are read.
std::unique_ptr<ClipSource> open_files(const std::string& list_or_folder, int sample_rate_hz,
                                       const DataOptions& options, const Notify& notify);

}  // namespace glowvox::train

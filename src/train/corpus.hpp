// SPDX-License-Identifier: MIT
// The recordings to train on, decoded once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"
#include "train/clip_source.hpp"

namespace glowvox::train {

class PredictedMels;

// Mono samples at one rate, of all lists one after the other. Clips of sound files are decoded at
// first use and kept as 16-bit samples until cache_bytes are full; later ones are decoded every
// time. Thread-safe.
class Corpus {
 public:
  Corpus(const DataOptions& data, int sample_rate_hz, const Notify& notify,
         std::int64_t cache_bytes = std::int64_t{4} << 30);
  // With the predicted mels that belong to the recordings.
  Corpus(const DataOptions& data, const MelSpec& mel, const Notify& notify);
  ~Corpus();
  std::size_t size() const { return clips_.size(); }
  const ClipInfo& clip(std::size_t clip) const { return clips_[clip].info; }
  const std::string& path(std::size_t clip) const { return clips_[clip].info.path; }
  // Mels that were predicted for some of the clips, or null; the share of these clips' segments
  // that take the recording's own all the same.
  const PredictedMels* predicted() const { return predicted_.get(); }
  double real_share() const { return real_share_; }
  // Length after resampling, from the header.
  std::int64_t samples(std::size_t clip) const { return clips_[clip].info.samples; }
  // Those that have clips. A packed corpus counts as those in it.
  const std::vector<WeightedPath>& lists() const { return lists_; }
  double share(std::size_t list) const;  // of all segments
  // What decides which segments are drawn of given clips: "60% 40% of the segments, speakers by
  // name".
  const std::string& drawing() const { return drawing_; }
  double seconds() const;
  // Memory that decoded recordings will take beyond what they take now.
  std::int64_t bytes_to_come() const;
  Samples read(std::size_t clip) const;
  std::vector<float> load(std::size_t clip) const;
  // [first, first + count) of a clip; the range must lie inside it.
  std::vector<float> range(std::size_t clip, std::int64_t first, std::int64_t count) const;

 private:
  struct Clip {
    ClipInfo info;
    const ClipSource* source;
    std::size_t index;  // there
  };
  // weight: of all its lists together; 0: what they have.
  void add(std::unique_ptr<ClipSource> source, double weight);
  void take_mels(const DataOptions& data, const MelSpec& spec, const Notify& notify);

  int sample_rate_hz_;
  std::vector<std::unique_ptr<ClipSource>> sources_;
  std::vector<Clip> clips_;
  std::vector<WeightedPath> lists_;
  std::string drawing_;
  std::unique_ptr<const PredictedMels> predicted_;
  double real_share_ = 0.0;
  std::int64_t cache_bytes_;
  mutable std::mutex mutex_;
  mutable std::vector<Samples> cache_;
  mutable std::int64_t cached_bytes_ = 0;
};

}  // namespace glowvox::train

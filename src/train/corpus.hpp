// The recordings to train on: a list or a folder, decoded once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace glowvox::train {

using Notify = std::function<void(const std::string&)>;

// Paths of a list file (one a line, relative to the list; empty lines and # comments skipped) or,
// for a folder, every wav, flac and ogg below it, sorted. Throws Error when there is none.
std::vector<std::string> list_recordings(const std::string& list_or_folder);

// Mono samples at one rate. Clips are decoded at first use and kept as 16-bit samples until
// cache_bytes are full; later ones are decoded every time. Thread-safe.
class Corpus {
 public:
  Corpus(const std::string& list_or_folder, int sample_rate_hz, const Notify& notify,
         std::int64_t cache_bytes = std::int64_t{4} << 30);
  std::size_t size() const { return clips_.size(); }
  const std::string& path(std::size_t clip) const { return clips_[clip].path; }
  // Length after resampling, from the header.
  std::int64_t samples(std::size_t clip) const { return clips_[clip].samples; }
  double seconds() const;
  // Memory that decoded recordings will take beyond what they take now.
  std::int64_t bytes_to_come() const;
  std::vector<float> load(std::size_t clip) const;
  // [first, first + count) of a clip; the range must lie inside it.
  std::vector<float> range(std::size_t clip, std::int64_t first, std::int64_t count) const;

 private:
  struct Clip {
    std::string path;
    std::int64_t samples = 0;
  };
  using Samples = std::shared_ptr<const std::vector<std::int16_t>>;
  Samples decoded(std::size_t clip) const;

  int sample_rate_hz_;
  std::vector<Clip> clips_;
  std::int64_t cache_bytes_;
  mutable std::mutex mutex_;
  mutable std::vector<Samples> cache_;
  mutable std::int64_t cached_bytes_ = 0;
};

}  // namespace glowvox::train

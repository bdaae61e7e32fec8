// SPDX-License-Identifier: MIT
// Mels in the files that people have.
#pragma once

#include <memory>
#include <string>

#include "arrays/array_file.hpp"
#include "core/text.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::arrays {

enum class MelLayout { kAuto, kBandsFrames, kFramesBands };

struct MelReadOptions {
  MelLayout layout = MelLayout::kAuto;  // kAuto: by the number of bands; raw values: frame by frame
  std::string array;                    // which array of a file that may hold several
  bool several = false;                 // [utterances, bands, frames] or its other layout too
};

// A mel of `bands` bands (0: the one axis that is 80, 100, 128, 64, 40 or 20 long, else refused) in
// any file that open_array takes, stored [bands, frames] or [frames, bands], leading axes of 1 left
// out. Throws Error for another number of bands, for no frames, where both axes may be the bands,
// and for several utterances, [utterances, ...], unless the options take them.
class MelReader {
 public:
  MelReader(const std::string& path, int bands, const MelReadOptions& options = {});
  std::int64_t utterances() const { return utterances_; }
  std::int64_t frames() const { return frames_; }  // of each
  int bands() const { return bands_; }
  bool frames_first() const { return frames_first_; }  // stored [frames, bands]
  // Frames [first, first + count) of an utterance; throws Error for values that are not finite. May
  // be called from several threads at once.
  Mel read(std::int64_t first, std::int64_t count, std::int64_t utterance = 0) const;

 private:
  void take_axes(const std::vector<std::int64_t>& shape, MelLayout layout,
                 const std::string& printed);

  std::unique_ptr<ArrayFile> file_;
  int bands_;
  bool frames_first_ = false;
  std::int64_t utterances_ = 1, frames_ = 0;
  std::int64_t utterance_stride_ = 0, band_stride_ = 1, frame_stride_ = 1;
};

// Whether a file's extension is of those that mels with a header are stored in.
inline bool is_mel_name(const std::string& path) {
  const std::string extension = extension_of(path);
  for (const char* known : {".npy", ".npz", ".pt", ".pth", ".safetensors"})
    if (extension == known) return true;
  return false;
}

// The whole of it.
Mel read_mel(const std::string& path, int bands, const MelReadOptions& options = {});
// npy, [bands, frames]; where names_raw_values, its frames as they are.
void write_mel(const std::string& path, const Mel& mel);

}  // namespace glowvox::arrays

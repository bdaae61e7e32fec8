// Mels as npy files.
#pragma once

#include "format/npy_file.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::format {

// A mel of `bands` bands stored [bands, frames], [frames, bands] or with a leading axis of 1; where
// both axes equal bands, [bands, frames] is taken. Throws Error for another band count and zero
// frames.
class MelReader {
 public:
  MelReader(const std::string& path, int bands);
  std::int64_t frames() const { return frames_; }
  // Frames [first, first + count) of it; throws Error for values that are not finite.
  Mel read(std::int64_t first, std::int64_t count) const;

 private:
  NpyFile file_;
  int bands_;
  std::int64_t frames_ = 0;
  std::int64_t band_stride_ = 1, frame_stride_ = 1;
};

Mel read_mel(const std::string& path, int bands);         // the whole of it
void write_mel(const std::string& path, const Mel& mel);  // [bands, frames]

}  // namespace glowvox::format

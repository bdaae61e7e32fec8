#include "format/mel_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "format/npy.hpp"
#include "glowvox/error.hpp"

namespace glowvox::format {

MelReader::MelReader(const std::string& path, int bands) : file_(path), bands_(bands) {
  std::vector<std::int64_t> shape = file_.shape(), strides = file_.strides();
  const std::string printed = fmt::format("[{}]", fmt::join(shape, ", "));
  if (shape.size() == 3 && shape[0] == 1) {
    shape.erase(shape.begin());
    strides.erase(strides.begin());
  }
  if (shape.size() != 2)
    throw Error(path, "shape " + printed + " is no mel", "expected [bands, frames]");
  const bool band_major = shape[0] == bands;
  if (!band_major && shape[1] != bands)
    throw Error(path, fmt::format("expected a mel of {} bands, got shape {}", bands, printed));
  frames_ = band_major ? shape[1] : shape[0];
  if (frames_ == 0) throw Error(path, "mel has no frames (shape " + printed + ")");
  band_stride_ = band_major ? strides[0] : strides[1];
  frame_stride_ = band_major ? strides[1] : strides[0];
}

Mel MelReader::read(std::int64_t first, std::int64_t count) const {
  Mel mel{count, bands_, std::vector<float>(static_cast<std::size_t>(count * bands_))};
  if (band_stride_ == 1 && frame_stride_ == bands_) {
    file_.read(first * bands_, count * bands_, mel.values.data());
  } else {
    std::vector<float> run(static_cast<std::size_t>(count));
    for (std::int64_t band = 0; band < bands_; ++band) {
      file_.read(band * band_stride_ + first, count, run.data());
      for (std::int64_t t = 0; t < count; ++t)
        mel.values[static_cast<std::size_t>(t * bands_ + band)] = run[static_cast<std::size_t>(t)];
    }
  }
  for (std::int64_t i = 0; i < count * bands_; ++i)
    if (!std::isfinite(mel.values[static_cast<std::size_t>(i)]))
      throw Error(file_.path(), fmt::format("mel is not finite in band {} of frame {}", i % bands_,
                                            first + i / bands_));
  return mel;
}

Mel read_mel(const std::string& path, int bands) {
  const MelReader reader(path, bands);
  return reader.read(0, reader.frames());
}

void write_mel(const std::string& path, const Mel& mel) {
  Array array{{mel.bands, mel.frames}, std::vector<float>(mel.values.size())};
  for (std::int64_t frame = 0; frame < mel.frames; ++frame)
    for (std::int64_t band = 0; band < mel.bands; ++band)
      array.values[static_cast<std::size_t>(band * mel.frames + frame)] =
          mel.values[static_cast<std::size_t>(frame * mel.bands + band)];
  write_npy(path, array);
}

}  // namespace glowvox::format

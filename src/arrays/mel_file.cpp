// SPDX-License-Identifier: MIT
#include "arrays/mel_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "arrays/npy.hpp"
#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

namespace glowvox::arrays {

namespace {

// Bands where nobody says how many; 0: the shape leaves it open.
int guessed_bands(const std::vector<std::int64_t>& shape) {
  constexpr std::int64_t kUsual[] = {80, 100, 128, 64, 40, 20};
  const auto usual = [&](std::int64_t size) {
    return std::find(std::begin(kUsual), std::end(kUsual), size) != std::end(kUsual);
  };
  const bool first = usual(shape[0]), second = usual(shape[1]);
  return first == second ? 0 : static_cast<int>(first ? shape[0] : shape[1]);
}

}  // namespace

MelReader::MelReader(const std::string& path, int bands, const MelReadOptions& options)
    : file_(open_array(path, {options.array,
                              {bands, options.layout == MelLayout::kBandsFrames},
                              "choose one with --mel-array"})),
      bands_(bands) {
  std::vector<std::int64_t> shape = file_->shape(), strides = file_->strides();
  const std::string printed = fmt::format("[{}]", fmt::join(shape, ", "));
  const std::string& where = file_->path();
  while (shape.size() > 2 && shape[0] == 1) {
    shape.erase(shape.begin());
    strides.erase(strides.begin());
  }
  if (shape.size() == 3) {
    utterances_ = shape[0];
    utterance_stride_ = strides[0];
    shape.erase(shape.begin());
    strides.erase(strides.begin());
  }
  if (shape.size() != 2)
    throw Error(where, "shape " + printed + " is no mel", "expected [bands, frames]");
  take_axes(shape, options.layout, printed);
  if (utterances_ == 0) throw Error(where, "holds no utterance (shape " + printed + ")");
  if (utterances_ > 1 && !options.several)
    throw Error(where,
                fmt::format("shape {} holds {} utterances, expected one", printed, utterances_),
                "glowvox synth makes sound of all of them");
  const std::size_t band_axis = frames_first_ ? 1 : 0;
  frames_ = shape[1 - band_axis];
  if (frames_ == 0) throw Error(where, "mel has no frames (shape " + printed + ")");
  band_stride_ = strides[band_axis];
  frame_stride_ = strides[1 - band_axis];
}

// Which of the two axes of an utterance are the bands. printed: the whole shape, for messages.
void MelReader::take_axes(const std::vector<std::int64_t>& shape, MelLayout layout,
                          const std::string& printed) {
  const std::string& where = file_->path();
  if (bands_ == 0) {
    bands_ = guessed_bands(shape);
    if (bands_ == 0)
      throw Error(where, "shape " + printed + " does not tell bands from frames",
                  "say how many bands it has with --bands");
  }
  const bool first = shape[0] == bands_, second = shape[1] == bands_;
  if (!first && !second)
    throw Error(where, fmt::format("expected a mel of {} bands, got shape {}", bands_, printed));
  if (first && second && !file_->is_raw() && layout == MelLayout::kAuto)
    throw Error(where, fmt::format("shape {} may be [bands, frames] or [frames, bands]", printed),
                "say which with --mel-layout");
  const bool wanted_first =
      layout == MelLayout::kFramesBands || (layout == MelLayout::kAuto && file_->is_raw());
  frames_first_ = first && second ? wanted_first : second;
  if (layout != MelLayout::kAuto && !file_->is_raw() && frames_first_ != wanted_first)
    throw Error(
        where, fmt::format("shape {} is not what --mel-layout says for {} bands", printed, bands_));
  if (file_->is_raw()) frames_first_ = true;  // as open_array has laid it out
}

Mel MelReader::read(std::int64_t first, std::int64_t count, std::int64_t utterance) const {
  Mel mel{count, bands_, std::vector<float>(static_cast<std::size_t>(count * bands_))};
  const std::int64_t begin = utterance * utterance_stride_ + first * frame_stride_;
  if (band_stride_ == 1 && frame_stride_ == bands_) {
    file_->read(begin, count * bands_, mel.values.data());
  } else {
    // One band's values, and what lies in between where they are not neighbours.
    std::vector<float> run(
        static_cast<std::size_t>(std::max<std::int64_t>(0, count - 1) * frame_stride_ + 1));
    for (std::int64_t band = 0; band < bands_ && count > 0; ++band) {
      file_->read(begin + band * band_stride_, static_cast<std::int64_t>(run.size()), run.data());
      for (std::int64_t t = 0; t < count; ++t)
        mel.values[static_cast<std::size_t>(t * bands_ + band)] =
            run[static_cast<std::size_t>(t * frame_stride_)];
    }
  }
  for (std::int64_t i = 0; i < count * bands_; ++i)
    if (!std::isfinite(mel.values[static_cast<std::size_t>(i)]))
      throw Error(
          file_->path(),
          fmt::format("mel is not finite in band {} of frame {}{}", i % bands_, first + i / bands_,
                      utterances_ > 1 ? fmt::format(" of utterance {}", utterance + 1) : ""));
  return mel;
}

Mel read_mel(const std::string& path, int bands, const MelReadOptions& options) {
  const MelReader reader(path, bands, options);
  return reader.read(0, reader.frames());
}

void write_mel(const std::string& path, const Mel& mel) {
  if (names_raw_values(path))
    return write_file(path, {reinterpret_cast<const char*>(mel.values.data()),
                             mel.values.size() * sizeof(float)});
  Array array{{mel.bands, mel.frames}, std::vector<float>(mel.values.size())};
  for (std::int64_t frame = 0; frame < mel.frames; ++frame)
    for (std::int64_t band = 0; band < mel.bands; ++band)
      array.values[static_cast<std::size_t>(band * mel.frames + frame)] =
          mel.values[static_cast<std::size_t>(frame * mel.bands + band)];
  write_npy(path, array);
}

}  // namespace glowvox::arrays

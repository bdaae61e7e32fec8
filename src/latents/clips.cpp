// SPDX-License-Identifier: MIT
#include "latents/clips.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "arrays/npy.hpp"
#include "audio/endpoints.hpp"
#include "core/streams.hpp"
#include "glowvox/error.hpp"

namespace glowvox::latents {

namespace {

std::string shape_of(const arrays::Array& array) {
  return fmt::format("[{}]", fmt::join(array.shape, ", "));
}

// dimensions: of one clip; the leading axis may be left out.
arrays::Array read_array(const std::string& path, std::size_t dimensions) {
  arrays::Array array = arrays::read_array(path);
  if (array.values.empty()) throw Error(path, "holds no values");
  for (const float value : array.values)
    if (!std::isfinite(value)) throw Error(path, "holds values that are not finite");
  if (array.shape.size() == dimensions) array.shape.insert(array.shape.begin(), 1);
  return array;
}

std::vector<float> transposed(const float* from, std::int64_t rows, std::int64_t columns) {
  std::vector<float> values(static_cast<std::size_t>(rows * columns));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      values[static_cast<std::size_t>(c * rows + r)] = from[r * columns + c];
  return values;
}

// transposed_there: the file has [columns][rows].
Clips split(const arrays::Array& array, bool transposed_there) {
  Clips c;
  c.clips = array.shape[0];
  c.rows = array.shape[transposed_there ? 2 : 1];
  c.columns = array.shape[transposed_there ? 1 : 2];
  for (std::int64_t clip = 0; clip < c.clips; ++clip) {
    const float* from = &array.values[static_cast<std::size_t>(clip * c.rows * c.columns)];
    c.values.push_back(transposed_there ? transposed(from, c.columns, c.rows)
                                        : std::vector<float>(from, from + c.rows * c.columns));
  }
  return c;
}

// Of [clips, columns, rows].
arrays::Array joined(const Clips& clips) {
  arrays::Array array{{clips.clips, clips.columns, clips.rows}, {}};
  for (const auto& clip : clips.values) {
    const std::vector<float> values = transposed(clip.data(), clips.rows, clips.columns);
    array.values.insert(array.values.end(), values.begin(), values.end());
  }
  return array;
}

}  // namespace

Clips read_audio_clips(const std::string& path) {
  arrays::Array array = read_array(path, 1);
  if (array.shape.size() != 2)
    throw Error(path,
                "expected audio of shape [samples] or [batch, samples], got " + shape_of(array));
  array.shape.push_back(1);
  return split(array, false);
}

Clips read_mel_clips(const std::string& path, int bands) {
  const arrays::Array array = read_array(path, 2);
  const bool fits = array.shape.size() == 3;
  if (fits && array.shape[1] == bands) return split(array, true);
  if (fits && array.shape[2] == bands) return split(array, false);
  throw Error(path,
              fmt::format("expected a mel of {} bands, got shape {}", bands, shape_of(array)));
}

Clips read_latent_clips(const std::string& path) {
  const arrays::Array array = read_array(path, 2);
  if (array.shape.size() != 3)
    throw Error(path,
                "expected latents of shape [channels, frames] or [batch, channels, frames], got " +
                    shape_of(array));
  return split(array, true);
}

void write_mel_clips(const std::string& path, const Clips& mels) {
  arrays::Array array = joined(mels);
  if (mels.clips == 1) array.shape.erase(array.shape.begin());
  arrays::write_npy(path, array);
}

void write_latent_clips(const std::string& path, const Clips& latents) {
  arrays::write_npy(path, joined(latents));
}

Recording as_recording(std::vector<float> samples, const Vocoder& vocoder,
                       const std::string& path) {
  Recording r;
  r.samples = static_cast<std::int64_t>(samples.size());
  const auto hop = static_cast<std::size_t>(vocoder.mel().hop_samples);
  samples.resize((samples.size() + hop - 1) / hop * hop);
  try {
    r.mel = vocoder.mel_of(samples.data(), static_cast<std::int64_t>(samples.size()));
  } catch (const Error& e) {
    throw Error(input_name(path), e.what());
  }
  samples.resize(static_cast<std::size_t>(r.mel.frames) * hop);
  r.audio = std::move(samples);
  return r;
}

Recording read_recording(const std::string& path, const Vocoder& vocoder) {
  return as_recording(audio::read_sound(path, vocoder.mel().sample_rate_hz), vocoder, path);
}

Mel fitted(Mel mel, std::int64_t frames, const std::string& path) {
  if (mel.frames == 0 || std::abs(mel.frames - frames) > 1)
    throw Error(path, fmt::format("expected {} mel frames, got {}", frames, mel.frames));
  const std::vector<float> last(mel.values.end() - mel.bands, mel.values.end());
  if (mel.frames < frames) mel.values.insert(mel.values.end(), last.begin(), last.end());
  mel.values.resize(static_cast<std::size_t>(frames * mel.bands));
  mel.frames = frames;
  return mel;
}

double rms(const std::vector<std::vector<float>>& clips) {
  double squares = 0.0, count = 0.0;
  for (const auto& clip : clips) {
    for (const float value : clip) squares += static_cast<double>(value) * value;
    count += static_cast<double>(clip.size());
  }
  return std::sqrt(squares / count);
}

std::int64_t write_signal(const std::string& path, const std::vector<std::vector<float>>& clips,
                          int sample_rate_hz, const std::string& format) {
  if (!format.empty() || std::filesystem::path(path).extension() != ".npy") {
    if (clips.size() != 1)
      throw Error(output_name(path),
                  fmt::format("expected one clip for a sound file, got {}", clips.size()),
                  "write an .npy");
    const auto writer = audio::open_output(path, sample_rate_hz, format);
    writer->write(clips.front().data(), clips.front().size());
    return writer->commit();
  }
  arrays::Array array;
  if (clips.size() != 1) array.shape.push_back(static_cast<std::int64_t>(clips.size()));
  array.shape.push_back(static_cast<std::int64_t>(clips.front().size()));
  for (const auto& clip : clips) array.values.insert(array.values.end(), clip.begin(), clip.end());
  arrays::write_npy(path, array);
  return 0;
}

}  // namespace glowvox::latents

// SPDX-License-Identifier: MIT
#include "audio/sound_file.hpp"

#include <cmath>

#include "audio/resample.hpp"
#include "audio/source.hpp"
#include "core/streams.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

namespace {

constexpr std::int64_t kChunkFrames = 16384;

// To the end of it.
std::vector<float> read_mono(const Source& source) {
  SNDFILE* const file = source.file();
  const auto channels = static_cast<std::size_t>(source.info().channels);
  std::vector<float> chunk(static_cast<std::size_t>(kChunkFrames) * channels);
  std::vector<float> mono;
  const float scale = 1.0F / static_cast<float>(channels);
  for (;;) {
    const sf_count_t got = sf_readf_float(file, chunk.data(), kChunkFrames);
    if (got <= 0) break;
    for (std::size_t frame = 0; frame < static_cast<std::size_t>(got); ++frame) {
      float sum = 0.0F;
      for (std::size_t c = 0; c < channels; ++c) sum += chunk[frame * channels + c];
      if (!std::isfinite(sum))
        throw Error(source.name(), "sample " + std::to_string(mono.size()) + " is not finite");
      mono.push_back(channels == 1 ? sum : sum * scale);
    }
  }
  if (sf_error(file) != SF_ERR_NO_ERROR)
    throw Error(source.name(), std::string("is damaged: ") + sf_strerror(file), source.advice());
  const sf_count_t announced = source.announced_frames();
  if (announced > 0 && static_cast<sf_count_t>(mono.size()) != announced)
    throw Error(source.name(),
                "is cut short: its header announces " + std::to_string(announced) +
                    " samples, it holds " + std::to_string(mono.size()),
                source.advice());
  if (mono.empty()) throw Error(source.name(), "holds no samples", source.advice());
  return mono;
}

void open(Source* source) {
  source->open();
  if (source->info().frames <= 0) throw Error(source->name(), "holds no samples", source->advice());
}

}  // namespace

FileInfo probe(const std::string& path) {
  Source source(path);
  open(&source);
  const SF_INFO& info = source.info();
  std::int64_t frames = source.announced_frames();
  if (frames == 0) frames = static_cast<std::int64_t>(read_mono(source).size());
  return {info.samplerate, info.channels, frames};
}

Clip read_audio(const std::string& path) {
  Source source(path);
  open(&source);
  return {source.info().samplerate, source.info().channels, read_mono(source)};
}

std::vector<float> load_mono(const std::string& path, int sample_rate_hz, std::string* notice) {
  if (notice != nullptr) notice->clear();
  Clip clip = read_audio(path);
  if (notice != nullptr && (clip.sample_rate_hz != sample_rate_hz || clip.channels != 1))
    *notice = input_name(path) + ": " + std::to_string(clip.sample_rate_hz) + " Hz, " +
              std::to_string(clip.channels) + (clip.channels == 1 ? " channel" : " channels") +
              " -> " + std::to_string(sample_rate_hz) + " Hz mono";
  if (clip.sample_rate_hz == sample_rate_hz) return std::move(clip.samples);
  return resample(clip.samples, clip.sample_rate_hz, sample_rate_hz);
}

}  // namespace glowvox::audio

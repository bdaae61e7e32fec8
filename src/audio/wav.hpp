// SPDX-License-Identifier: MIT
// Audio files through libsndfile (wav, flac, ogg).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace glowvox::audio {

struct Clip {
  int sample_rate_hz = 0;
  int channels = 0;            // of the file; samples are mono already
  std::vector<float> samples;  // mixed down, in [-1, 1]
};

struct FileInfo {
  int sample_rate_hz = 0;
  int channels = 0;
  std::int64_t frames = 0;
};

FileInfo probe(const std::string& path);  // header only; same errors as read_audio

// Reads a whole file and mixes it down to mono. Throws Error for a missing file, one that is not
// audio, one without samples, and one with NaN or infinite samples.
Clip read_audio(const std::string& path);
// read_audio, then resampling to sample_rate_hz where the rates differ; notice (if not null)
// receives one line saying what was converted, or stays empty.
std::vector<float> load_mono(const std::string& path, int sample_rate_hz, std::string* notice);

// A sound file that is written piece by piece: 16-bit wav or flac, or ogg (Vorbis), by extension.
// Values outside [-1, 1] are clamped. Throws Error (extension, disk full, not writable, values that
// are not finite); without commit() nothing is left of the file.
class AudioWriter {
 public:
  AudioWriter(const std::string& path, int sample_rate_hz);
  explicit AudioWriter(int sample_rate_hz);  // a wav file in memory
  ~AudioWriter();
  void write(const float* samples, std::size_t count);
  std::int64_t commit();             // how many values were clamped
  const std::string& bytes() const;  // of the file in memory, after commit()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A 16-bit mono wav file's bytes; values outside [-1, 1] are clamped.
std::string encode_wav(const std::vector<float>& samples, int sample_rate_hz);

// The whole of it at once.
std::int64_t write_audio(const std::string& path, const std::vector<float>& samples,
                         int sample_rate_hz);

}  // namespace glowvox::audio

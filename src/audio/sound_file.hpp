// SPDX-License-Identifier: MIT
// Audio files and pipes through libsndfile. Path "-" is standard input or output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audio/formats.hpp"

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

// Of the header, where that says the length; same errors as read_audio.
FileInfo probe(const std::string& path);

// Reads a whole file or pipe and mixes it down to mono; a wav header that does not know the length
// (written into a pipe: 0, 0xffffffff, nearly 2 GiB) is read to the end. Throws Error for a missing
// file, one that is not audio, one that is shorter than its header says, one without samples, and
// one with NaN or infinite samples.
Clip read_audio(const std::string& path);
// read_audio, then resampling to sample_rate_hz where the rates differ; notice (if not null)
// receives one line saying what was converted, or stays empty.
std::vector<float> load_mono(const std::string& path, int sample_rate_hz, std::string* notice);

// A sound file that is written piece by piece: 16-bit wav, flac or raw, or ogg (Vorbis), by its
// extension (standard output: wav) or as `format` says. Values outside [-1, 1] are clamped. Throws
// Error (extension, disk full, not writable, values that are not finite); without commit() nothing
// is left of the file. What cannot be written out of order (standard output, a FIFO) gets every
// piece at once, in a wav or flac of unknown length; throws BrokenPipe when nobody reads it.
class AudioWriter {
 public:
  AudioWriter(const std::string& path, int sample_rate_hz, Format format = Format::kByName);
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
                         int sample_rate_hz, Format format = Format::kByName);

}  // namespace glowvox::audio

// SPDX-License-Identifier: MIT
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <optional>

#include "audio/riff.hpp"
#include "audio/sound_file.hpp"
#include "audio/source.hpp"
#include "core/atomic_file.hpp"
#include "core/platform_tools.hpp"
#include "core/streams.hpp"
#include "glowvox/error.hpp"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are little endian");

namespace glowvox::audio {

namespace {

constexpr std::size_t kChunkFrames = 16384;
constexpr std::int64_t kMostWavSamples = 2'147'000'000;  // of 16 bits, in 32-bit sizes
// libsndfile reads 16-bit samples as value / 32768: written so, they come back the same.
constexpr float kFullScale = 32768.0F;

// Where the bytes of a sound go: a temporary file on the disk, memory, or a pipe. Into a pipe they
// go one after the other; what an encoder corrects afterwards at the beginning stays as it was.
struct Output {
  void write(const void* in, std::size_t count) {
    if (!file) {
      if (bytes.size() < position + count) bytes.resize(position + count);
      std::memcpy(&bytes[position], in, count);
    } else if (file->seekable()) {
      file->write_at(position, in, count);
    } else if (position == size) {
      file->write(in, count);
    }
    position += count;
    size = std::max(size, position);
  }
  bool is_pipe() const { return file && !file->seekable(); }

  std::optional<AtomicFile> file;
  std::string bytes;  // in memory
  std::uint64_t position = 0, size = 0;
  std::exception_ptr failure;  // cannot pass through libsndfile
};

Output& output(void* user) { return *static_cast<Output*>(user); }

sf_count_t write_output(const void* in, sf_count_t count, void* user) {
  try {
    output(user).write(in, static_cast<std::size_t>(count));
    return count;
  } catch (...) {
    if (!output(user).failure) output(user).failure = std::current_exception();
    return 0;
  }
}

SF_VIRTUAL_IO output_io() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* user) { return static_cast<sf_count_t>(output(user).size); };
  io.seek = [](sf_count_t offset, int whence, void* user) {
    Output& o = output(user);
    const auto base = whence == SEEK_CUR   ? static_cast<sf_count_t>(o.position)
                      : whence == SEEK_END ? static_cast<sf_count_t>(o.size)
                                           : sf_count_t{0};
    o.position = static_cast<std::uint64_t>(base + offset);
    return base + offset;
  };
  io.read = [](void*, sf_count_t, void*) { return sf_count_t{0}; };
  io.write = write_output;
  io.tell = [](void* user) { return static_cast<sf_count_t>(output(user).position); };
  return io;
}

Format chosen(Format format, const std::string& path) {
  if (format != Format::kByName) return format;
  return is_standard(path) ? Format::kWav : format_of(path);
}

int encoder_of(Format format) {
  if (format == Format::kFlac) return SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
  return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
}

}  // namespace

struct AudioWriter::State {
  State(const std::string& where, int rate_hz, Format wanted, bool in_memory)
      : path(output_name(where)), sample_rate_hz(rate_hz), format(wanted) {
    if (!in_memory && is_standard(where))
      target.file.emplace(platform::kOutput, kStandardOutput);
    else if (!in_memory)
      target.file.emplace(where);
    if (sample_rate_hz <= 0)
      throw Error(path, "cannot encode: a rate of " + std::to_string(sample_rate_hz) + " Hz");
    if (!encoded()) return;
    SF_VIRTUAL_IO io = output_io();
    SF_INFO info{};
    info.samplerate = sample_rate_hz;
    info.channels = 1;
    info.format = encoder_of(format);
    encoder.reset(sf_open_virtual(&io, SFM_WRITE, &info, &target));
    check(encoder != nullptr);
  }
  // By libsndfile. Other formats are the samples themselves, after a header where it is wav, which
  // gets its length at the end.
  bool encoded() const { return format == Format::kFlac || format == Format::kOgg; }
  void check(bool succeeded) {
    if (target.failure) std::rethrow_exception(target.failure);
    if (!succeeded) throw Error(path, std::string("cannot encode: ") + sf_strerror(encoder.get()));
  }
  void begin() {
    if (format != Format::kWav || target.size > 0) return;
    const std::string header = wav_header(sample_rate_hz, kUnknownBytes);
    target.write(header.data(), header.size());
  }
  void end() {
    if (format != Format::kWav || target.is_pipe()) return;
    const auto bytes = static_cast<std::uint32_t>(target.size - kWavHeaderBytes);
    const std::string header = wav_header(sample_rate_hz, bytes);
    target.position = 0;
    target.write(header.data(), header.size());
  }
  // Of what is in clamped and pcm.
  void put(std::size_t count) {
    const auto frames = static_cast<sf_count_t>(count);
    if (!encoded())
      target.write(pcm.data(), count * sizeof pcm[0]);
    else if (format == Format::kOgg)
      check(sf_write_float(encoder.get(), clamped.data(), frames) == frames);
    else
      check(sf_write_short(encoder.get(), pcm.data(), frames) == frames);
    written += frames;
  }

  std::string path;
  int sample_rate_hz;
  Format format;
  Output target;
  Handle encoder;
  std::int64_t written = 0, clipped = 0;
  std::vector<float> clamped = std::vector<float>(kChunkFrames);
  std::vector<short> pcm = std::vector<short>(kChunkFrames);
};

AudioWriter::AudioWriter(const std::string& path, int sample_rate_hz, Format format)
    : state_(std::make_unique<State>(path, sample_rate_hz, chosen(format, path), false)) {}

AudioWriter::AudioWriter(int sample_rate_hz)
    : state_(std::make_unique<State>("sound", sample_rate_hz, Format::kWav, true)) {}

AudioWriter::~AudioWriter() = default;

// In pieces: libsndfile's Vorbis encoder overflows its stack on one large write.
void AudioWriter::write(const float* samples, std::size_t count) {
  State& s = *state_;
  s.begin();
  for (std::size_t at = 0; at < count; at += kChunkFrames) {
    const std::size_t piece = std::min(kChunkFrames, count - at);
    if (s.format == Format::kWav && !s.target.is_pipe() &&
        s.written + static_cast<std::int64_t>(piece) > kMostWavSamples)
      throw Error(s.path, "a wav file holds 4 GiB at most", "write a .flac");
    for (std::size_t i = 0; i < piece; ++i) {
      const float x = samples[at + i];
      if (!std::isfinite(x))
        throw Error(s.path, "sample " + std::to_string(s.written + static_cast<std::int64_t>(i)) +
                                " to be written is not finite");
      s.clamped[i] = std::clamp(x, -1.0F, 1.0F);
      if (s.clamped[i] != x) ++s.clipped;
      s.pcm[i] =
          static_cast<short>(std::lrint(std::min(s.clamped[i] * kFullScale, kFullScale - 1.0F)));
    }
    s.put(piece);
  }
}

std::int64_t AudioWriter::commit() {
  State& s = *state_;
  s.begin();
  s.end();
  if (s.encoder) s.check(sf_close(s.encoder.release()) == 0);
  if (s.target.file) s.target.file->commit();
  return s.clipped;
}

const std::string& AudioWriter::bytes() const { return state_->target.bytes; }

}  // namespace glowvox::audio

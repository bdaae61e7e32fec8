// SPDX-License-Identifier: MIT
#include "audio/wav.hpp"

#include <sndfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>

#include "audio/resample.hpp"
#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

namespace {

constexpr std::int64_t kChunkFrames = 16384;
constexpr std::int64_t kMostWavSamples = 2'147'000'000;  // of 16 bits, in 32-bit sizes
// libsndfile reads 16-bit samples as value / 32768: written so, they come back the same.
constexpr float kFullScale = 32768.0F;

struct Closer {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using Handle = std::unique_ptr<SNDFILE, Closer>;

Handle open_to_read(const std::string& path, FileInfo* info) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    throw Error(path, errno == ENOENT ? std::string("no such file")
                                      : std::string("cannot read: ") + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) throw Error(path, "is a directory, expected an audio file");
  SF_INFO format{};
  Handle file(sf_open(path.c_str(), SFM_READ, &format));
  if (!file)
    throw Error(path,
                std::string("not an audio file that libsndfile reads: ") + sf_strerror(nullptr));
  if (format.frames <= 0) throw Error(path, "holds no samples");
  *info = {format.samplerate, format.channels, format.frames};
  return file;
}

std::vector<float> read_mono(SNDFILE* file, const FileInfo& info, const std::string& path) {
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<float> chunk(static_cast<std::size_t>(kChunkFrames) * channels);
  std::vector<float> mono;
  const float scale = 1.0F / static_cast<float>(info.channels);
  for (;;) {
    const sf_count_t got = sf_readf_float(file, chunk.data(), kChunkFrames);
    if (got <= 0) break;
    for (std::size_t frame = 0; frame < static_cast<std::size_t>(got); ++frame) {
      float sum = 0.0F;
      for (std::size_t c = 0; c < channels; ++c) sum += chunk[frame * channels + c];
      if (!std::isfinite(sum))
        throw Error(path, "sample " + std::to_string(mono.size()) + " is not finite");
      mono.push_back(channels == 1 ? sum : sum * scale);
    }
  }
  if (sf_error(file) != SF_ERR_NO_ERROR)
    throw Error(path, std::string("is damaged: ") + sf_strerror(file));
  if (static_cast<sf_count_t>(mono.size()) != info.frames)
    throw Error(path, "is cut short: its header announces " + std::to_string(info.frames) +
                          " samples, it holds " + std::to_string(mono.size()));
  return mono;
}

// The file that libsndfile writes: a temporary one on the disk, or, where the target cannot be
// written out of order (a pipe) or there is none, memory.
struct Output {
  bool in_memory() const { return !file || !file->seekable(); }
  std::optional<AtomicFile> file;
  std::string bytes;  // in memory
  std::uint64_t position = 0, size = 0;
  std::exception_ptr failure;  // cannot pass through libsndfile
};

Output& output(void* user) { return *static_cast<Output*>(user); }

sf_count_t write_output(const void* in, sf_count_t count, void* user) {
  Output& o = output(user);
  const auto n = static_cast<std::size_t>(count);
  try {
    if (!o.in_memory()) {
      o.file->write_at(o.position, in, n);
    } else {
      if (o.bytes.size() < o.position + n) o.bytes.resize(o.position + n);
      std::memcpy(&o.bytes[o.position], in, n);
    }
  } catch (...) {
    if (!o.failure) o.failure = std::current_exception();
    return 0;
  }
  o.position += n;
  o.size = std::max(o.size, o.position);
  return count;
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

int format_for(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".wav") return SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  if (extension == ".flac") return SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
  if (extension == ".ogg") return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
  throw Error(path, "unknown audio file extension '" + extension + "'", "use .wav, .flac or .ogg");
}

}  // namespace

FileInfo probe(const std::string& path) {
  FileInfo info;
  open_to_read(path, &info);
  return info;
}

Clip read_audio(const std::string& path) {
  FileInfo info;
  const Handle file = open_to_read(path, &info);
  Clip clip{info.sample_rate_hz, info.channels, {}};
  clip.samples = read_mono(file.get(), info, path);
  if (clip.samples.empty()) throw Error(path, "holds no samples");
  return clip;
}

std::vector<float> load_mono(const std::string& path, int sample_rate_hz, std::string* notice) {
  if (notice != nullptr) notice->clear();
  Clip clip = read_audio(path);
  if (notice != nullptr && (clip.sample_rate_hz != sample_rate_hz || clip.channels != 1))
    *notice = path + ": " + std::to_string(clip.sample_rate_hz) + " Hz, " +
              std::to_string(clip.channels) + (clip.channels == 1 ? " channel" : " channels") +
              " -> " + std::to_string(sample_rate_hz) + " Hz mono";
  if (clip.sample_rate_hz == sample_rate_hz) return std::move(clip.samples);
  return resample(clip.samples, clip.sample_rate_hz, sample_rate_hz);
}

struct AudioWriter::State {
  State(const std::string& where, int format, int sample_rate_hz, bool in_memory)
      : path(where),
        lossy((format & SF_FORMAT_SUBMASK) == SF_FORMAT_VORBIS),
        wav((format & SF_FORMAT_TYPEMASK) == SF_FORMAT_WAV) {
    if (!in_memory) target.file.emplace(where);
    SF_VIRTUAL_IO io = output_io();
    SF_INFO info{};
    info.samplerate = sample_rate_hz;
    info.channels = 1;
    info.format = format;
    file.reset(sf_open_virtual(&io, SFM_WRITE, &info, &target));
    check(file != nullptr);
  }
  void check(bool succeeded) {
    if (target.failure) std::rethrow_exception(target.failure);
    if (!succeeded) throw Error(path, std::string("cannot encode: ") + sf_strerror(file.get()));
  }

  std::string path;
  Output target;
  Handle file;
  bool lossy, wav;
  std::int64_t written = 0, clipped = 0;
  std::vector<float> clamped = std::vector<float>(kChunkFrames);
  std::vector<short> pcm = std::vector<short>(kChunkFrames);
};

AudioWriter::AudioWriter(const std::string& path, int sample_rate_hz)
    : state_(std::make_unique<State>(path, format_for(path), sample_rate_hz, false)) {}

AudioWriter::AudioWriter(int sample_rate_hz)
    : state_(std::make_unique<State>("sound", SF_FORMAT_WAV | SF_FORMAT_PCM_16, sample_rate_hz,
                                     true)) {}

AudioWriter::~AudioWriter() = default;

// In pieces: libsndfile's Vorbis encoder overflows its stack on one large write.
void AudioWriter::write(const float* samples, std::size_t count) {
  State& s = *state_;
  std::vector<float>& clamped = s.clamped;
  std::vector<short>& pcm = s.pcm;
  for (std::size_t at = 0; at < count; at += clamped.size()) {
    const std::size_t piece = std::min(clamped.size(), count - at);
    if (s.wav && s.written + static_cast<std::int64_t>(piece) > kMostWavSamples)
      throw Error(s.path, "a wav file holds 4 GiB at most", "write a .flac");
    for (std::size_t i = 0; i < piece; ++i) {
      const float x = samples[at + i];
      if (!std::isfinite(x))
        throw Error(s.path, "sample " + std::to_string(s.written + static_cast<std::int64_t>(i)) +
                                " to be written is not finite");
      clamped[i] = std::clamp(x, -1.0F, 1.0F);
      if (clamped[i] != x) ++s.clipped;
      pcm[i] = static_cast<short>(std::lrint(std::min(clamped[i] * kFullScale, kFullScale - 1.0F)));
    }
    const auto frames = static_cast<sf_count_t>(piece);
    s.check((s.lossy ? sf_write_float(s.file.get(), clamped.data(), frames)
                     : sf_write_short(s.file.get(), pcm.data(), frames)) == frames);
    s.written += frames;
  }
}

std::int64_t AudioWriter::commit() {
  State& s = *state_;
  const bool closed = sf_close(s.file.release()) == 0;
  s.check(closed);
  if (!s.target.file) return s.clipped;
  if (s.target.in_memory()) s.target.file->write(s.target.bytes.data(), s.target.bytes.size());
  s.target.file->commit();
  return s.clipped;
}

const std::string& AudioWriter::bytes() const { return state_->target.bytes; }

std::string encode_wav(const std::vector<float>& samples, int sample_rate_hz) {
  AudioWriter writer(sample_rate_hz);
  writer.write(samples.data(), samples.size());
  writer.commit();
  return writer.bytes();
}

std::int64_t write_audio(const std::string& path, const std::vector<float>& samples,
                         int sample_rate_hz) {
  AudioWriter writer(path, sample_rate_hz);
  writer.write(samples.data(), samples.size());
  return writer.commit();
}

}  // namespace glowvox::audio

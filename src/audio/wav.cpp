#include "audio/wav.hpp"

#include <sndfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>

#include "audio/resample.hpp"
#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

namespace {

constexpr std::int64_t kChunkFrames = 16384;
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

// The file that libsndfile writes, kept in memory so that the disk sees only a finished one.
struct Memory {
  std::string bytes;
  std::size_t position = 0;
};

Memory& memory(void* user) { return *static_cast<Memory*>(user); }

SF_VIRTUAL_IO memory_io() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* user) { return static_cast<sf_count_t>(memory(user).bytes.size()); };
  io.seek = [](sf_count_t offset, int whence, void* user) {
    Memory& m = memory(user);
    sf_count_t base = 0;
    if (whence == SEEK_CUR) base = static_cast<sf_count_t>(m.position);
    if (whence == SEEK_END) base = static_cast<sf_count_t>(m.bytes.size());
    m.position = static_cast<std::size_t>(std::max<sf_count_t>(0, base + offset));
    return static_cast<sf_count_t>(m.position);
  };
  io.read = [](void* out, sf_count_t count, void* user) {
    Memory& m = memory(user);
    if (m.position >= m.bytes.size()) return sf_count_t{0};
    const std::size_t n = std::min(static_cast<std::size_t>(count), m.bytes.size() - m.position);
    std::memcpy(out, m.bytes.data() + m.position, n);
    m.position += n;
    return static_cast<sf_count_t>(n);
  };
  io.write = [](const void* in, sf_count_t count, void* user) {
    Memory& m = memory(user);
    const auto n = static_cast<std::size_t>(count);
    if (m.bytes.size() < m.position + n) m.bytes.resize(m.position + n);
    std::memcpy(&m.bytes[m.position], in, n);
    m.position += n;
    return count;
  };
  io.tell = [](void* user) { return static_cast<sf_count_t>(memory(user).position); };
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

std::string encode(const std::string& path, int format, const std::vector<float>& clamped,
                   int sample_rate_hz) {
  Memory target;
  SF_VIRTUAL_IO io = memory_io();
  SF_INFO info{};
  info.samplerate = sample_rate_hz;
  info.channels = 1;
  info.format = format;
  Handle file(sf_open_virtual(&io, SFM_WRITE, &info, &target));
  if (!file) throw Error(path, std::string("cannot encode: ") + sf_strerror(nullptr));
  const bool lossy = (format & SF_FORMAT_SUBMASK) == SF_FORMAT_VORBIS;
  std::vector<short> pcm(kChunkFrames);
  const auto total = static_cast<std::int64_t>(clamped.size());
  // In pieces: libsndfile's Vorbis encoder overflows its stack on one large write.
  for (std::int64_t at = 0; at < total; at += kChunkFrames) {
    const std::int64_t count = std::min(kChunkFrames, total - at);
    const float* from = clamped.data() + at;
    if (!lossy)
      std::transform(from, from + count, pcm.begin(), [](float x) {
        return static_cast<short>(std::lrint(std::min(x * kFullScale, kFullScale - 1.0F)));
      });
    const sf_count_t written = lossy ? sf_write_float(file.get(), from, count)
                                     : sf_write_short(file.get(), pcm.data(), count);
    if (written != count)
      throw Error(path, std::string("cannot encode: ") + sf_strerror(file.get()));
  }
  if (sf_close(file.release()) != 0) throw Error(path, "cannot encode: closing the stream failed");
  return std::move(target.bytes);
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

std::int64_t write_audio(const std::string& path, const std::vector<float>& samples,
                         int sample_rate_hz) {
  const int format = format_for(path);
  std::int64_t clipped = 0;
  std::vector<float> clamped(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!std::isfinite(samples[i]))
      throw Error(path, "sample " + std::to_string(i) + " to be written is not finite");
    clamped[i] = std::clamp(samples[i], -1.0F, 1.0F);
    if (clamped[i] != samples[i]) ++clipped;
  }
  write_file(path, encode(path, format, clamped, sample_rate_hz));
  return clipped;
}

}  // namespace glowvox::audio

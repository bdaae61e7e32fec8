// SPDX-License-Identifier: MIT
// audio/sound_file.hpp where there is no libsndfile: 16-bit wav files alone.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "audio/resample.hpp"
#include "audio/riff.hpp"
#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "core/platform_tools.hpp"
#include "core/streams.hpp"
#include "core/text.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

namespace {

constexpr float kFullScale = 32768.0F;
constexpr std::size_t kMostBytes = kUnknownBytes - kWavHeaderBytes;  // of sound, in 32-bit sizes
constexpr const char* kAdvice = "convert it, or pack the recordings where glowvox has libsndfile";

// The fields of a header, in little endian.
template <typename Number>
Number get(const std::string& bytes, std::size_t at) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value |= static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(bytes[at + i]))
                                 << (8 * i));
  return value;
}

std::string read_bytes(const std::string& path) {
  return is_standard(path) ? read_descriptor(platform::kInput, kStandardInput) : read_file(path);
}

// A header that was written before the length was known gets that which is there.
void correct_header(std::string* bytes) {
  const auto read = [bytes](std::uint64_t offset, char* to, std::size_t count) {
    return offset < bytes->size() ? bytes->copy(to, count, static_cast<std::size_t>(offset)) : 0;
  };
  const auto sound = find_wav_sound(read, bytes->size());
  if (sound && sound->unknown)
    bytes->replace(sound->size_at, 4, little_endian(bytes->size() - sound->begin(), 4));
}

struct Sound {
  FileInfo info;
  std::size_t first = 0;  // byte of the sound
};

// The chunks of a RIFF file up to the sound; path for messages.
Sound parse(const std::string& path, const std::string& bytes) {
  const auto refuse = [&] {
    throw Error(path, "expected a 16-bit wav file: this build has no libsndfile", kAdvice);
  };
  if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0)
    refuse();
  Sound sound;
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::string name = bytes.substr(at, 4);
    const std::size_t size = get<std::uint32_t>(bytes, at + 4), body = at + 8;
    if (name == "fmt ") {
      if (size < 16 || body + size > bytes.size() || get<std::uint16_t>(bytes, body) != 1 ||
          get<std::uint16_t>(bytes, body + 14) != 16)
        refuse();
      sound.info.channels = get<std::uint16_t>(bytes, body + 2);
      sound.info.sample_rate_hz = static_cast<int>(get<std::uint32_t>(bytes, body + 4));
    } else if (name == "data") {
      if (sound.info.channels < 1 || sound.info.sample_rate_hz < 1) refuse();
      sound.first = body;
      const std::size_t frame = 2 * static_cast<std::size_t>(sound.info.channels);
      sound.info.frames = static_cast<std::int64_t>(size / frame);
      if (body + size > bytes.size())
        throw Error(path, "is cut short: its header announces " +
                              std::to_string(sound.info.frames) + " samples, it holds " +
                              std::to_string((bytes.size() - body) / frame));
      if (sound.info.frames == 0) throw Error(path, "holds no samples");
      return sound;
    }
    at = body + size + size % 2;
  }
  throw Error(path, "holds no samples");
}

}  // namespace

FileInfo probe(const std::string& path) {
  std::string bytes = read_bytes(path);
  correct_header(&bytes);
  return parse(input_name(path), bytes).info;
}

Clip read_audio(const std::string& path) {
  std::string bytes = read_bytes(path);
  correct_header(&bytes);
  const Sound sound = parse(input_name(path), bytes);
  Clip clip{sound.info.sample_rate_hz, sound.info.channels, {}};
  clip.samples.resize(static_cast<std::size_t>(sound.info.frames));
  const auto channels = static_cast<std::size_t>(sound.info.channels);
  std::size_t at = sound.first;
  for (float& sample : clip.samples) {
    float sum = 0.0F;
    for (std::size_t c = 0; c < channels; ++c, at += 2)
      sum +=
          static_cast<float>(static_cast<std::int16_t>(get<std::uint16_t>(bytes, at))) / kFullScale;
    sample = channels == 1 ? sum : sum / static_cast<float>(channels);
  }
  return clip;
}

std::vector<float> load_mono(const std::string& path, int sample_rate_hz, std::string* notice) {
  if (notice != nullptr) notice->clear();
  Clip clip = read_audio(path);
  if (clip.sample_rate_hz != sample_rate_hz)
    throw Error(path,
                "expected " + std::to_string(sample_rate_hz) + " Hz, got " +
                    std::to_string(clip.sample_rate_hz) + ": this build has no libsoxr",
                kAdvice);
  if (notice != nullptr && clip.channels != 1)
    *notice = path + ": " + std::to_string(clip.channels) + " channels -> mono";
  return std::move(clip.samples);
}

// Nothing is written before commit().
struct AudioWriter::State {
  std::string path;  // empty: in memory
  int sample_rate_hz = 0;
  std::string sound, bytes;
  std::int64_t clipped = 0;
};

AudioWriter::AudioWriter(const std::string& path, int sample_rate_hz, Format format)
    : state_(new State{path, sample_rate_hz, {}, {}, 0}) {
  const bool by_name = format == Format::kByName;
  if (by_name ? extension_of(path) != ".wav" : format != Format::kWav)
    throw Error(path, "expected a .wav: this build has no libsndfile");
}

AudioWriter::AudioWriter(int sample_rate_hz) : state_(new State{{}, sample_rate_hz, {}, {}, 0}) {}

AudioWriter::~AudioWriter() = default;

void AudioWriter::write(const float* samples, std::size_t count) {
  State& s = *state_;
  if (s.sound.size() + 2 * count > kMostBytes)
    throw Error(s.path.empty() ? "sound" : s.path, "a wav file holds 4 GiB at most");
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(samples[i]))
      throw Error(s.path.empty() ? "sound" : s.path,
                  "sample " + std::to_string(s.sound.size() / 2) + " to be written is not finite");
    const float x = std::clamp(samples[i], -1.0F, 1.0F);
    if (x != samples[i]) ++s.clipped;
    s.sound += little_endian(
        static_cast<std::uint64_t>(std::lrint(std::min(x * kFullScale, kFullScale - 1.0F))), 2);
  }
}

std::int64_t AudioWriter::commit() {
  State& s = *state_;
  s.bytes = wav_header(s.sample_rate_hz, static_cast<std::uint32_t>(s.sound.size()));
  s.bytes += s.sound;
  if (!s.path.empty()) write_file(s.path, s.bytes);
  return s.clipped;
}

const std::string& AudioWriter::bytes() const { return state_->bytes; }

}  // namespace glowvox::audio

// SPDX-License-Identifier: MIT
#include "audio/riff.hpp"

namespace glowvox::audio {

namespace {

constexpr std::uint64_t kRiffBytes = 12, kChunkBytes = 8;
constexpr int kMostChunks = 10000;  // before the sound; a damaged file is not searched for ever
constexpr std::uint32_t kTwoGiB = 0x80000000;
constexpr std::uint32_t kBelow = 0x10000;  // rounded down, or less some headers

std::uint32_t number(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// riff_bytes: what the file's first chunk says; a whole file without sound has it right.
bool is_unknown(std::uint32_t data_bytes, std::uint32_t riff_bytes, std::uint64_t file_bytes) {
  if (data_bytes == 0) return riff_bytes + kChunkBytes != file_bytes;
  return data_bytes > kUnknownBytes - kBelow ||
         (data_bytes > kTwoGiB - kBelow && data_bytes <= kTwoGiB);
}

}  // namespace

std::string little_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

std::string wav_header(int sample_rate_hz, std::uint32_t data_bytes) {
  const auto rate = static_cast<std::uint64_t>(sample_rate_hz);
  const std::uint64_t riff_bytes =
      data_bytes == kUnknownBytes ? kUnknownBytes : data_bytes + kWavHeaderBytes - kChunkBytes;
  return "RIFF" + little_endian(riff_bytes, 4) + "WAVEfmt " + little_endian(16, 4) +
         little_endian(1, 2) +                                  // PCM
         little_endian(1, 2) +                                  // channel
         little_endian(rate, 4) + little_endian(2 * rate, 4) +  // samples and bytes a second
         little_endian(2, 2) + little_endian(16, 2) +           // bytes of a frame, bits
         "data" + little_endian(data_bytes, 4);
}

std::optional<WavSound> find_wav_sound(const ReadAt& read, std::uint64_t file_bytes) {
  char head[kRiffBytes];
  if (read(0, head, kRiffBytes) != kRiffBytes) return std::nullopt;
  const std::string riff(head, kRiffBytes);
  if (riff.compare(0, 4, "RIFF") != 0 || riff.compare(8, 4, "WAVE") != 0) return std::nullopt;
  std::uint64_t at = kRiffBytes;
  for (int chunk = 0; chunk < kMostChunks; ++chunk) {
    if (read(at, head, kChunkBytes) != kChunkBytes) break;
    const std::uint32_t bytes = number(head + 4);
    if (std::string(head, 4) == "data") {
      const bool unknown = is_unknown(bytes, number(riff.data() + 4), file_bytes);
      return WavSound{at + 4, bytes, unknown};
    }
    at += kChunkBytes + bytes + bytes % 2;
  }
  return std::nullopt;
}

}  // namespace glowvox::audio

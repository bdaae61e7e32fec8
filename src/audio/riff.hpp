// SPDX-License-Identifier: MIT
// The header of wav files, where it is written before the length is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace glowvox::audio {

// What stands for a size that is not known, and for any that 32 bits do not hold.
constexpr std::uint32_t kUnknownBytes = 0xffffffff;
constexpr std::size_t kWavHeaderBytes = 44;

// Of 16-bit mono sound of data_bytes, or of kUnknownBytes.
std::string wav_header(int sample_rate_hz, std::uint32_t data_bytes);

// Copies up to `count` bytes from `offset` on; how many there were.
using ReadAt = std::function<std::size_t(std::uint64_t offset, char* to, std::size_t count)>;

// The sound of a wav file, as its header announces it.
struct WavSound {
  std::uint64_t size_at = 0;  // where its size stands, 32 bits; the sound comes after it
  std::uint64_t bytes = 0;
  bool unknown = false;  // the writer did not know the size: 0, 0xffffffff, or nearly 2 or 4 GiB,
                         // as SoX and others write into pipes
  std::uint64_t begin() const { return size_at + 4; }
};

// In a file of file_bytes; nothing where it is no wav file, or one without sound.
std::optional<WavSound> find_wav_sound(const ReadAt& read, std::uint64_t file_bytes);

// The bytes of a number in little endian.
std::string little_endian(std::uint64_t value, int bytes);

}  // namespace glowvox::audio

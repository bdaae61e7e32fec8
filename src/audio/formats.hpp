// SPDX-License-Identifier: MIT
// Formats of sound files, by name.
#pragma once

#include <array>
#include <string>

namespace glowvox::audio {

// What recordings usually are called, the likeliest first.
constexpr std::array<const char*, 5> kUsualExtensions = {".wav", ".flac", ".ogg", ".opus", ".mp3"};

enum class Named {
  kSound,  // has an extension of sound files
  kMaybe,  // has one that libsndfile's formats share with others: .mat is MATLAB's, for one
  kOther
};
Named named(const std::string& path);

// What can be written. kRaw: 16-bit samples in little endian without a header, which no extension
// stands for.
enum class Format { kByName, kWav, kFlac, kOgg, kRaw };

// wav, flac, ogg, raw; empty: kByName. Throws Error for another.
Format format_named(const std::string& name);

// By the extension; throws Error for another than .wav, .flac and .ogg.
Format format_of(const std::string& path);

}  // namespace glowvox::audio

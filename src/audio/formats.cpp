// SPDX-License-Identifier: MIT
#include "audio/formats.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "audio/wav.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

namespace {

// Of the formats that libsndfile 1.2 lists, and what else their files are called.
constexpr std::array<std::string_view, 37> kSound = {
    ".wav", ".flac", ".ogg",  ".opus", ".mp3",  ".oga",   ".wave", ".bwf",   ".rf64", ".w64",
    ".aif", ".aiff", ".aifc", ".au",   ".snd",  ".caf",   ".mp1",  ".mp2",   ".mpa",  ".mpga",
    ".m1a", ".m2a",  ".spx",  ".nist", ".sph",  ".voc",   ".sf",   ".ircam", ".avr",  ".paf",
    ".fap", ".pvf",  ".sds",  ".svx",  ".8svx", ".16svx", ".wve"};
constexpr std::array<std::string_view, 12> kMaybe = {".mat", ".mat4", ".mat5", ".htk",
                                                     ".xi",  ".iff",  ".sd2",  ".mpc",
                                                     ".gsm", ".vox",  ".vce",  ".prc"};

template <typename Extensions>
bool has(const Extensions& extensions, const std::string& extension) {
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

}  // namespace

Named named(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (has(kSound, extension)) return Named::kSound;
  return has(kMaybe, extension) ? Named::kMaybe : Named::kOther;
}

Format format_named(const std::string& name) {
  if (name.empty()) return Format::kByName;
  if (name == "wav") return Format::kWav;
  if (name == "flac") return Format::kFlac;
  if (name == "ogg") return Format::kOgg;
  if (name == "raw") return Format::kRaw;
  throw Error("--format", "expected wav, flac, ogg or raw, got '" + name + "'");
}

}  // namespace glowvox::audio

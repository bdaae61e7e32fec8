// SPDX-License-Identifier: MIT
#include "audio/formats.hpp"

#include <algorithm>
#include <string_view>

#include "audio/sound_file.hpp"
#include "core/text.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

namespace {

// Of the formats that libsndfile 1.2 lists, and what else their files are called.
constexpr std::array<std::string_view, 32> kSound = {
    ".oga",   ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".au",    ".snd", ".caf",
    ".mp1",   ".mp2",  ".mpa", ".mpga", ".m1a", ".m2a", ".spx",  ".nist", ".sph",   ".voc", ".sf",
    ".ircam", ".avr",  ".paf", ".fap",  ".pvf", ".sds", ".svx",  ".8svx", ".16svx", ".wve"};
constexpr std::array<std::string_view, 12> kMaybe = {".mat", ".mat4", ".mat5", ".htk",
                                                     ".xi",  ".iff",  ".sd2",  ".mpc",
                                                     ".gsm", ".vox",  ".vce",  ".prc"};

// As it is named, in all lower case, and as its extension is without the dot.
constexpr std::array<std::pair<std::string_view, Format>, 4> kWritten = {
    {{"wav", Format::kWav}, {"flac", Format::kFlac}, {"ogg", Format::kOgg}, {"raw", Format::kRaw}}};

template <typename Extensions>
bool has(const Extensions& extensions, const std::string& extension) {
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

// kByName: no format.
Format by_name(std::string_view name) {
  for (const auto& [known, format] : kWritten)
    if (name == known) return format;
  return Format::kByName;
}

}  // namespace

Named named(const std::string& path) {
  const std::string extension = extension_of(path);
  if (has(kUsualExtensions, extension) || has(kSound, extension)) return Named::kSound;
  return has(kMaybe, extension) ? Named::kMaybe : Named::kOther;
}

Format format_named(const std::string& name) {
  const Format format = by_name(name);
  if (format == Format::kByName && !name.empty())
    throw Error("--format", "expected wav, flac, ogg or raw, got '" + name + "'");
  return format;
}

Format format_of(const std::string& path) {
  const std::string extension = extension_of(path);
  const Format format = by_name(extension.empty() ? "" : extension.substr(1));
  if (format == Format::kByName || format == Format::kRaw)
    throw Error(path, "unknown audio file extension '" + extension + "'",
                "use .wav, .flac or .ogg, or say --format");
  return format;
}

// Of audio/sound_file.hpp, what is the same with libsndfile and without it.

std::string encode_wav(const std::vector<float>& samples, int sample_rate_hz) {
  AudioWriter writer(sample_rate_hz);
  writer.write(samples.data(), samples.size());
  writer.commit();
  return writer.bytes();
}

std::int64_t write_audio(const std::string& path, const std::vector<float>& samples,
                         int sample_rate_hz, Format format) {
  AudioWriter writer(path, sample_rate_hz, format);
  writer.write(samples.data(), samples.size());
  return writer.commit();
}

}  // namespace glowvox::audio

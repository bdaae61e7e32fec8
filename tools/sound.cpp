// SPDX-License-Identifier: MIT
#include "sound.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "arrays/npy.hpp"
#include "command.hpp"
#include "core/messages.hpp"
#include "core/streams.hpp"
#include "glowvox/error.hpp"

namespace glowvox::tools {

std::vector<float> read_sound(const std::string& path, int sample_rate_hz) {
  std::string notice;
  std::vector<float> samples = audio::load_mono(path, sample_rate_hz, &notice);
  if (!notice.empty()) say(notice);
  return samples;
}

Mel mel_of_sound(const std::string& path, const std::vector<float>& samples, const MelSpec& spec,
                 int shift_samples) {
  try {
    return log_mel(samples.data(), static_cast<std::int64_t>(samples.size()), spec, shift_samples);
  } catch (const Error& e) {
    throw Error(input_name(path), e.what());
  }
}

void refuse_overwriting(const std::string& input, const std::string& output) {
  std::error_code unknown;
  if (std::filesystem::equivalent(input, output, unknown) &&
      std::filesystem::is_regular_file(input, unknown))
    throw Error(input, "would be overwritten", "choose another output");
}

void check_inputs(const std::vector<std::string>& paths) {
  const auto times = std::count_if(paths.begin(), paths.end(), is_standard);
  if (times > 1)
    throw UsageError(kStandardInput, fmt::format("is one input, and was given {} times", times));
}

void check_output(const std::string& path, bool json, const char* what) {
  if (!is_standard(path)) return;
  if (json) throw UsageError("--json", fmt::format("standard output carries the {} already", what));
  if (::isatty(STDOUT_FILENO) != 0)
    throw UsageError("-o -", "standard output is a terminal", "send it to a program or a file");
}

std::FILE* figures_to(const std::string& output) {
  return is_standard(output) ? messages() : stdout;
}

void add_format_to(CLI::App& app, std::string* format) {
  app.add_option("--format", *format,
                 "wav, flac, ogg or raw (16-bit samples without a header), whatever the name of "
                 "the output (default: by its extension; on standard output wav)")
      ->check(CLI::IsMember({"wav", "flac", "ogg", "raw"}));
}

void say_raw(const std::string& path, int sample_rate_hz, const std::string& samples) {
  const bool floats = samples == "f32le";
  say(
      fmt::format("{0}: raw samples, {1} Hz, mono, {2}, little-endian: sox -t raw -r {1} -e {3} -c "
                  "1 -L, ffmpeg -f {4} -ar {1} -ac 1 -i",
                  output_name(path), sample_rate_hz, floats ? "32-bit float" : "16-bit signed",
                  floats ? "float -b 32" : "signed -b 16", samples));
}

std::unique_ptr<audio::AudioWriter> open_output(const std::string& path, int sample_rate_hz,
                                                const std::string& format) {
  if (format == "raw") say_raw(path, sample_rate_hz, "s16le");
  return std::make_unique<audio::AudioWriter>(path, sample_rate_hz, audio::format_named(format));
}

std::int64_t write_signal(const std::string& path, const std::vector<std::vector<float>>& clips,
                          int sample_rate_hz, const std::string& format) {
  if (!format.empty() || std::filesystem::path(path).extension() != ".npy") {
    if (clips.size() != 1)
      throw Error(output_name(path),
                  fmt::format("expected one clip for a sound file, got {}", clips.size()),
                  "write an .npy");
    const auto writer = open_output(path, sample_rate_hz, format);
    writer->write(clips.front().data(), clips.front().size());
    return writer->commit();
  }
  arrays::Array array;
  if (clips.size() != 1) array.shape.push_back(static_cast<std::int64_t>(clips.size()));
  array.shape.push_back(static_cast<std::int64_t>(clips.front().size()));
  for (const auto& clip : clips) array.values.insert(array.values.end(), clip.begin(), clip.end());
  arrays::write_npy(path, array);
  return 0;
}

}  // namespace glowvox::tools

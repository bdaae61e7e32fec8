// SPDX-License-Identifier: MIT
#include "audio/endpoints.hpp"

#include <fmt/format.h>

#include "core/messages.hpp"
#include "core/streams.hpp"
#include "glowvox/error.hpp"

namespace glowvox::audio {

std::vector<float> read_sound(const std::string& path, int sample_rate_hz) {
  std::string notice;
  std::vector<float> samples = load_mono(path, sample_rate_hz, &notice);
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

void say_raw(const std::string& path, int sample_rate_hz, const std::string& samples) {
  const bool floats = samples == "f32le";
  say(
      fmt::format("{0}: raw samples, {1} Hz, mono, {2}, little-endian: sox -t raw -r {1} -e {3} -c "
                  "1 -L, ffmpeg -f {4} -ar {1} -ac 1 -i",
                  output_name(path), sample_rate_hz, floats ? "32-bit float" : "16-bit signed",
                  floats ? "float -b 32" : "signed -b 16", samples));
}

std::unique_ptr<AudioWriter> open_output(const std::string& path, int sample_rate_hz,
                                         const std::string& format) {
  if (format == "raw") say_raw(path, sample_rate_hz, "s16le");
  return std::make_unique<AudioWriter>(path, sample_rate_hz, format_named(format));
}

}  // namespace glowvox::audio

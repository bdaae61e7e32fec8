// SPDX-License-Identifier: MIT
#include "sound.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "arrays/npy.hpp"
#include "audio/wav.hpp"
#include "command.hpp"
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
    throw Error(path, e.what());
  }
}

void refuse_overwriting(const std::string& input, const std::string& output) {
  std::error_code unknown;
  if (std::filesystem::equivalent(input, output, unknown) &&
      std::filesystem::is_regular_file(input, unknown))
    throw Error(input, "would be overwritten", "choose another output");
}

std::int64_t write_signal(const std::string& path, const std::vector<std::vector<float>>& clips,
                          int sample_rate_hz) {
  if (std::filesystem::path(path).extension() != ".npy") {
    if (clips.size() != 1)
      throw Error(path, fmt::format("expected one clip for a sound file, got {}", clips.size()),
                  "write an .npy");
    return audio::write_audio(path, clips.front(), sample_rate_hz);
  }
  arrays::Array array;
  if (clips.size() != 1) array.shape.push_back(static_cast<std::int64_t>(clips.size()));
  array.shape.push_back(static_cast<std::int64_t>(clips.front().size()));
  for (const auto& clip : clips) array.values.insert(array.values.end(), clip.begin(), clip.end());
  arrays::write_npy(path, array);
  return 0;
}

}  // namespace glowvox::tools

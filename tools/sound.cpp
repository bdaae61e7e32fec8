#include "sound.hpp"

#include "audio/wav.hpp"
#include "command.hpp"

namespace glowvox::tools {

std::vector<float> read_sound(const std::string& path, int sample_rate_hz) {
  std::string notice;
  std::vector<float> samples = audio::load_mono(path, sample_rate_hz, &notice);
  if (!notice.empty()) say(notice);
  return samples;
}

Mel mel_of_sound(const std::string& path, const std::vector<float>& samples, const MelSpec& spec) {
  try {
    return log_mel(samples.data(), static_cast<std::int64_t>(samples.size()), spec);
  } catch (const Error& e) {
    throw Error(path, e.what());
  }
}

}  // namespace glowvox::tools

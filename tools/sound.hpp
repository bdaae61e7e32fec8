// Sound files as the tools take them.
#pragma once

#include <string>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::tools {

// Mono samples at sample_rate_hz; says on standard error what was converted.
std::vector<float> read_sound(const std::string& path, int sample_rate_hz);

// Their mel as the specification puts its frames; errors name the path.
Mel mel_of_sound(const std::string& path, const std::vector<float>& samples, const MelSpec& spec);

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
// Sound files as the tools take them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::tools {

// Mono samples at sample_rate_hz; says on standard error what was converted.
std::vector<float> read_sound(const std::string& path, int sample_rate_hz);

// Their mel, its frames shift_samples later than the specification puts them; errors name the path.
Mel mel_of_sound(const std::string& path, const std::vector<float>& samples, const MelSpec& spec,
                 int shift_samples = 0);

// Throws Error when writing output would replace input.
void refuse_overwriting(const std::string& input, const std::string& output);

// Writes clips of equal length as npy, [samples] or [clips, samples], or one clip as a sound file;
// returns the number of clipped samples.
std::int64_t write_signal(const std::string& path, const std::vector<std::vector<float>>& clips,
                          int sample_rate_hz);

}  // namespace glowvox::tools

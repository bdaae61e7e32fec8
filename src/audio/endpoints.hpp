// SPDX-License-Identifier: MIT
// Where a command's sound comes from and goes to: files, or standard input and output ("-"), with
// what the user is told about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audio/sound_file.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::audio {

// Mono samples at sample_rate_hz; says on standard error what was converted.
std::vector<float> read_sound(const std::string& path, int sample_rate_hz);

// Their mel, its frames shift_samples later than the specification puts them; errors name the path.
Mel mel_of_sound(const std::string& path, const std::vector<float>& samples, const MelSpec& spec,
                 int shift_samples = 0);

// How raw samples (s16le or f32le) that go to path are read, on standard error.
void say_raw(const std::string& path, int sample_rate_hz, const std::string& samples);

// format: wav, flac, ogg or raw, or empty for what the name says; raw samples are s16le, and said
// to be.
std::unique_ptr<AudioWriter> open_output(const std::string& path, int sample_rate_hz,
                                         const std::string& format);

}  // namespace glowvox::audio

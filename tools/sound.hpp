// SPDX-License-Identifier: MIT
// Sound files as the tools take them, and standard input and output in their place ("-").
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "audio/wav.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::tools {

// Mono samples at sample_rate_hz; says on standard error what was converted.
std::vector<float> read_sound(const std::string& path, int sample_rate_hz);

// Their mel, its frames shift_samples later than the specification puts them; errors name the path.
Mel mel_of_sound(const std::string& path, const std::vector<float>& samples, const MelSpec& spec,
                 int shift_samples = 0);

// Throws Error when writing output would replace input.
void refuse_overwriting(const std::string& input, const std::string& output);

// Throws UsageError where standard input is to be more than one of these.
void check_inputs(const std::vector<std::string>& paths);

// Throws UsageError where standard output is a terminal, or is to carry figures (json) as well.
// what: it carries.
void check_output(const std::string& path, bool json, const char* what = "sound");

// What a tool prints about an output: standard output, or standard error where that is the output.
std::FILE* figures_to(const std::string& output);

void add_format_to(CLI::App& app, std::string* format);

// How raw samples (s16le or f32le) that go to path are read, on standard error.
void say_raw(const std::string& path, int sample_rate_hz, const std::string& samples);

// format: of add_format_to; raw samples are s16le, and said to be.
std::unique_ptr<audio::AudioWriter> open_output(const std::string& path, int sample_rate_hz,
                                                const std::string& format);

// Writes clips of equal length as npy, [samples] or [clips, samples], or one clip as a sound file;
// returns the number of clipped samples.
std::int64_t write_signal(const std::string& path, const std::vector<std::vector<float>>& clips,
                          int sample_rate_hz, const std::string& format);

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
// Options about training data, of more than one subcommand.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "train/data.hpp"

namespace glowvox::tools {

void add_speakers(CLI::App& app, std::string& name);       // --speakers
train::SpeakerRule speaker_rule(const std::string& name);  // of what it took

void add_skip_unreadable(CLI::App& app, bool& skip);  // --skip-unreadable
// A recording of a list, as read_sound reads it; an error says that the option is there.
std::vector<float> read_listed(const std::string& path, int sample_rate_hz);

}  // namespace glowvox::tools

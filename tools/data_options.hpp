// SPDX-License-Identifier: MIT
// Options about training data, of more than one subcommand.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "train/data.hpp"

namespace glowvox::tools {

void add_speakers(CLI::App& app, std::string& name);       // --speakers
train::SpeakerRule speaker_rule(const std::string& name);  // of what it took

}  // namespace glowvox::tools

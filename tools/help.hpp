// SPDX-License-Identifier: MIT
// What glowvox says of itself: on a terminal, in docs/command-line.md, to a shell that completes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "command.hpp"

namespace glowvox::tools {

// Of one command, in lines of at most 80 columns.
std::string help_of(const CLI::App& app, const Command& command);

std::string overview();           // what a new user may type, and every command by its group
std::string version();            // with what this build has, and of which libraries
std::string command_line_page();  // docs/command-line.md

// "--option<tab>what it does" a line.
std::string option_lines(const CLI::App& app);
std::string command_lines();  // "command<tab>summary"

}  // namespace glowvox::tools

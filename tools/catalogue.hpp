// SPDX-License-Identifier: MIT
// Names, summaries and examples of all subcommands, for both executables.
#pragma once

#include <vector>

#include "command.hpp"

namespace glowvox::tools {

const std::vector<Command>& catalogue();
const Command* find_command(const char* name);  // null when there is none

}  // namespace glowvox::tools

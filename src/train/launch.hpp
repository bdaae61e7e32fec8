// SPDX-License-Identifier: MIT
// Several ranks on one machine.
#pragma once

#include <string>
#include <vector>

namespace glowvox::train {

// Starts `ranks` copies of this program with these arguments (argv, the program's name included),
// each with its rank in the environment as torchrun would set it, and waits for them. Interrupts
// are passed on. When one fails, the others get time to notice and to end; whoever does not is
// ended. Returns the exit status of the first that failed, or 0; say(text) gets the messages.
int launch_ranks(int ranks, const std::vector<std::string>& arguments,
                 void (*say)(const std::string& text));

}  // namespace glowvox::train

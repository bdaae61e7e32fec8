// SPDX-License-Identifier: MIT
// Other programs.
#pragma once

#include <string>
#include <vector>

namespace glowvox::tools {

struct Finished {
  int status = 0;  // its exit status; 128 and the signal that ended it
  std::string out, err;
};

// Runs a program, looked for as a shell does, to its end; what it prints passes through files in
// `folder`. Throws Error where it cannot be started.
Finished run_program(std::vector<std::string> arguments, const std::string& folder);

// A file of the source tree, where this program was built in it: `path` beside the executable's
// folder.
std::string beside_program(const std::string& path);

}  // namespace glowvox::tools

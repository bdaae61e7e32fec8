// SPDX-License-Identifier: MIT
// Other programs.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace glowvox {

// Starts a program, looked for as a shell does, with its outputs to these files. Throws Error where
// it cannot be started.
pid_t start_program(std::vector<std::string> arguments, const std::string& out,
                    const std::string& err);
// Waits for its end: its exit status, or 128 and the signal that ended it.
int status_of(pid_t child);

struct Finished {
  int status = 0;
  std::string out, err;
};

// Runs a program to its end; what it prints passes through files in
// `folder`. Throws Error where it cannot be started.
Finished run_program(std::vector<std::string> arguments, const std::string& folder);

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// What lies beside this program.
#pragma once

#include <string>

namespace glowvox {

// A program in the folder of this one.
std::string program_beside(const std::string& name);

// A file of the source tree, where this program was built in it: `path` beside the executable's
// folder.
std::string beside_program(const std::string& path);

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "core/beside.hpp"

#include "core/path.hpp"
#include "core/platform_tools.hpp"

namespace glowvox {

std::string program_beside(const std::string& name) {
  return utf8_of(path_of(platform::program_path()).parent_path() / path_of(name));
}

std::string beside_program(const std::string& path) {
  return utf8_of(path_of(program_beside("")).parent_path().parent_path() / path_of(path));
}

}  // namespace glowvox

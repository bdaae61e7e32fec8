// SPDX-License-Identifier: MIT
// Runs the engine's tests; under a GLOWVOX_ISA that this processor lacks, says so and leaves, and
// with
// --unless-best also under the one that they run with anyway.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/instruction_set.hpp"
#include "glowvox/error.hpp"

namespace {

constexpr const char* kVariable = "GLOWVOX_ISA";

// The exit status; does not return where the tests are to run: the set is chosen once in a process,
// so they run in one that takes this one's place.
int leave_or_run_tests(const char* program, const std::string& asked) {
  ::unsetenv(kVariable);
  const std::string best = glowvox::engine::name_of(glowvox::engine::instruction_set());
  if (best == asked) {
    std::printf("skipped: %s is what the tests run with here anyway\n", asked.c_str());
    return 0;
  }
  ::setenv(kVariable, asked.c_str(), 1);
  ::execl(program, program, nullptr);
  std::perror(program);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const char* asked = std::getenv(kVariable);
  if (asked != nullptr && argc == 2 && std::strcmp(argv[1], "--unless-best") == 0)
    return leave_or_run_tests(argv[0], asked);
  try {
    glowvox::engine::instruction_set();
  } catch (const glowvox::Error& e) {
    std::printf("skipped: %s\n", e.what());
    return 0;
  }
  return doctest::Context(argc, argv).run();
}

// SPDX-License-Identifier: MIT
// Runs the engine's tests; under a GLOWVOX_ISA that this processor lacks, says so and leaves.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "engine/instruction_set.hpp"
#include "glowvox/error.hpp"

int main(int argc, char** argv) {
  try {
    glowvox::engine::instruction_set();
  } catch (const glowvox::Error& e) {
    std::printf("skipped: %s\n", e.what());
    return 0;
  }
  return doctest::Context(argc, argv).run();
}

// SPDX-License-Identifier: MIT
// Tests under an emulator, whose floats are software.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

namespace glowvox::test {

// Whether an emulator runs the tests: GLOWVOX_EMULATED, which ctest sets where it starts one.
inline bool emulated() { return std::getenv("GLOWVOX_EMULATED") != nullptr; }

// How much a long case does, and that it says so where it is less than elsewhere.
template <class Number>
Number emulated_or(Number under_emulator, Number usual, const char* what) {
  if (!emulated()) return usual;
  MESSAGE("under an emulator: " << under_emulator << " in place of " << usual << " "
                                << std::string(what));
  return under_emulator;
}

}  // namespace glowvox::test

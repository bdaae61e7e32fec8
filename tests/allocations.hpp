// SPDX-License-Identifier: MIT
// How often this thread has allocated memory; the counting operators are in allocations.cpp.
#pragma once

#include <cstdint>

namespace glowvox::test {
std::int64_t allocations();
}  // namespace glowvox::test

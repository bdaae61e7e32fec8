// SPDX-License-Identifier: MIT
#include "engine/instruction_set.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

using namespace glowvox::engine;

TEST_CASE("a platform's instruction sets have names of their own, from plain to better ones") {
  const auto all = instruction_sets();
  REQUIRE_FALSE(all.empty());
  CHECK(all.front() == InstructionSet::kPlain);
  CHECK(name_of(all.front()) == std::string("plain"));
  std::set<std::string> names;
  for (const InstructionSet set : all) names.insert(name_of(set));
  CHECK(names.size() == all.size());
  CHECK(std::is_sorted(all.begin(), all.end()));
}

TEST_CASE("the chosen one is of this platform, and what the environment asks for") {
  const auto all = instruction_sets();
  CHECK(std::count(all.begin(), all.end(), instruction_set()) == 1);
  const char* asked = std::getenv("GLOWVOX_ISA");
  if (asked != nullptr && *asked != '\0') CHECK(name_of(instruction_set()) == std::string(asked));
}

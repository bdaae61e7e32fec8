// SPDX-License-Identifier: MIT
#include "core/nearest.hpp"

#include <doctest/doctest.h>

using glowvox::nearest;

TEST_CASE("nearest: letters left out, too many, wrong or exchanged; nothing that is far") {
  const std::vector<std::string> names = {"synth", "stream", "score", "play"};
  for (const char* word : {"synth", "snth", "syynth", "sxnth", "synht"})
    CHECK(nearest(word, names) == "synth");
  CHECK(nearest("pla", names) == "play");
  CHECK(nearest("frobnicate", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("synth", {}).empty());
}

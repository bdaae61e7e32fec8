// SPDX-License-Identifier: MIT
#include "core/weighted_path.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "temporary.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

TEST_CASE("a weight stands after the last colon") {
  const test::TemporaryDirectory folder;
  CHECK(parse_weighted_path("a.txt").weight == 1.0);
  const WeightedPath list = parse_weighted_path("dir:x/a.txt:0.25");
  CHECK(list.path == "dir:x/a.txt");
  CHECK(list.weight == 0.25);
  CHECK(parse_weighted_path("dir:x/a.txt").path == "dir:x/a.txt");
  std::ofstream(folder.file("odd:2")) << "a.wav\n";
  CHECK(parse_weighted_path(folder.file("odd:2")).path == folder.file("odd:2"));
  for (const char* wrong : {"a.txt:0", "a.txt:-1", "a.txt:inf", "a.txt:nan"})
    CHECK(contains(error_of([&] { parse_weighted_path(wrong); }), "a positive weight"));
}

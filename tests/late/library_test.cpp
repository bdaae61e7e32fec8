// SPDX-License-Identifier: MIT
#include "late/library.hpp"

#include <doctest/doctest.h>

#include "temporary.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

TEST_CASE("a library's functions are found when they are asked for") {
  const late::Library math("libm.so.6", "tests");
  const auto cosine = reinterpret_cast<double (*)(double)>(math.function("cos"));
  CHECK(cosine(0.0) == 1.0);
  CHECK(contains(error_of([&] { math.function("no_such_function"); }),
                 "libm.so.6: has no function no_such_function, which is needed for tests"));
}

TEST_CASE("a library that is not there is an error that says what it is for") {
  const std::string message = error_of([] { late::Library("libnowhere.so.9", "sound cards"); });
  CHECK(contains(message, "libnowhere.so.9: cannot be opened, and is needed for sound cards"));
  CHECK(contains(message, "install it"));
}

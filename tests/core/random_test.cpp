// SPDX-License-Identifier: MIT
#include "core/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace glowvox;

// Known answers published with Random123 (tests/kat_vectors, philox4x32, 10 rounds).
TEST_CASE("philox4x32 gives the published known answers") {
  using Block = std::array<std::uint32_t, 4>;
  const std::uint32_t ones = 0xffffffffu;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) ==
        Block{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
        Block{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u},
                   {0xa4093822u, 0x299f31d0u}) ==
        Block{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("normal values do not depend on chunking or stride") {
  constexpr std::int64_t kCount = 101;
  constexpr std::int64_t kFirst = 3;
  std::vector<float> whole(kCount);
  fill_normal(7, 1, 5, kFirst, kCount, whole.data());
  for (const std::int64_t chunk : {1, 2, 3, 4, 5, 7, 64}) {
    CAPTURE(chunk);
    std::vector<float> pieces(2 * kCount, 0.0F);
    for (std::int64_t at = 0; at < kCount; at += chunk)
      fill_normal(7, 1, 5, kFirst + at, std::min(chunk, kCount - at), &pieces[2 * at], 2);
    for (std::size_t i = 0; i < kCount; ++i) CHECK(pieces[2 * i] == whole[i]);
  }
}

TEST_CASE("seed, stream and channel each change the values and nothing else") {
  std::vector<float> base(9, -100.0F);
  fill_normal(1, 2, 3, 0, 8, base.data());
  CHECK(base[8] == -100.0F);
  std::vector<float> other(8);
  fill_normal(std::uint64_t{1} << 32, 2, 3, 0, 8, other.data());
  CHECK(other[0] != base[0]);
  fill_normal(1, 3, 3, 0, 8, other.data());
  CHECK(other[0] != base[0]);
  fill_normal(1, 2, 4, 0, 8, other.data());
  CHECK(other[0] != base[0]);
}

TEST_CASE("normal values have the moments of a standard normal") {
  constexpr std::size_t kCount = 400000;
  std::vector<float> values(kCount);
  fill_normal(99, 0, 0, 0, kCount, values.data());
  double moments[5] = {};
  double neighbours = 0.0;
  for (std::size_t i = 0; i < kCount; ++i) {
    for (int p = 1; p <= 4; ++p) moments[p] += std::pow(double{values[i]}, p) / kCount;
    if (i > 0) neighbours += double{values[i]} * values[i - 1] / kCount;
  }
  // Five standard errors each.
  CHECK(std::abs(moments[1]) < 0.008);
  CHECK(std::abs(moments[2] - 1.0) < 0.012);
  CHECK(std::abs(moments[3]) < 0.031);
  CHECK(std::abs(moments[4] - 3.0) < 0.08);
  CHECK(std::abs(neighbours) < 0.008);
}

TEST_CASE("uniform values lie between 0 and 1 and spread evenly") {
  int tenths[10] = {};
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const double u = uniform_at(5, 1, i);
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    ++tenths[static_cast<int>(u * 10.0)];
  }
  for (const int count : tenths) CHECK(std::abs(count - 10000) < 500);
  CHECK(uniform_at(5, 1, 3) == uniform_at(5, 1, 3));
  CHECK(uniform_at(5, 1, 3) != uniform_at(5, 2, 3));
}

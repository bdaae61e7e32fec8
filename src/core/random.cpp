// SPDX-License-Identifier: MIT
#include "core/random.hpp"

#include <cmath>

namespace glowvox {

namespace {

constexpr double kTwoPi = 6.283185307179586476925;
constexpr double kInverse2To32 = 1.0 / 4294967296.0;
// fill_normal never reaches this channel, so uniforms and normals of one stream stay independent.
constexpr std::uint32_t kUniformChannel = 0xffffffffu;

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// Double precision up to the last rounding, so that a different libm hardly ever changes a float.
std::array<float, 4> normals(const std::array<std::uint32_t, 4>& bits) {
  std::array<float, 4> out{};
  for (int pair = 0; pair < 4; pair += 2) {
    // The half keeps the logarithm's argument inside (0, 1).
    const double radius = std::sqrt(-2.0 * std::log((bits[pair] + 0.5) * kInverse2To32));
    const double angle = kTwoPi * (bits[pair + 1] * kInverse2To32);
    out[pair] = static_cast<float>(radius * std::cos(angle));
    out[pair + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return out;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {high(b) ^ counter[1] ^ key[0], low(b), high(a) ^ counter[3] ^ key[1], low(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

void fill_normal(std::uint64_t seed, std::uint32_t stream, std::uint32_t channel,
                 std::int64_t first_frame, std::int64_t count, float* out, std::int64_t stride) {
  const std::array<std::uint32_t, 2> key{low(seed), high(seed)};
  const std::int64_t end = first_frame + count;
  for (std::int64_t frame = first_frame; frame < end;) {
    const auto block = static_cast<std::uint64_t>(frame) / 4;
    const auto values = normals(philox4x32({low(block), high(block), channel, stream}, key));
    for (auto lane = static_cast<std::size_t>(frame % 4); lane < 4 && frame < end; ++lane, ++frame)
      out[(frame - first_frame) * stride] = values[lane];
  }
}

double uniform_at(std::uint64_t seed, std::uint32_t stream, std::uint64_t index) {
  const auto bits =
      philox4x32({low(index), high(index), kUniformChannel, stream}, {low(seed), high(seed)});
  const std::uint64_t joined = (std::uint64_t{bits[1]} << 32) | bits[0];
  return static_cast<double>(joined >> 11) / 9007199254740992.0;  // 53 bits over 2^53
}

}  // namespace glowvox

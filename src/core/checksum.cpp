// SPDX-License-Identifier: MIT
#include "core/checksum.hpp"

#include <array>
#include <cstring>

namespace glowvox {

namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli's, bits reversed
constexpr std::size_t kSlices = 8;

// tables[k][b]: the remainder of byte b followed by k zero bytes.
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = rest;
  }
  for (std::size_t k = 1; k < kSlices; ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 255];
    }
  return tables;
}

}  // namespace

// Eight bytes at a time (Kounavis, Berry, "A systematic approach to building high performance
// software-based CRC generators", 2005): a checkpoint has hundreds of megabytes.
std::uint32_t crc32c(const void* bytes, std::size_t count, std::uint32_t so_far) {
  static const Tables tables = make_tables();
  const auto* next = static_cast<const std::uint8_t*>(bytes);
  std::uint32_t rest = ~so_far;
  for (; count >= kSlices; count -= kSlices, next += kSlices) {
    std::array<std::uint8_t, kSlices> block;
    std::memcpy(block.data(), next, kSlices);
    for (std::size_t i = 0; i < 4; ++i) block[i] ^= static_cast<std::uint8_t>(rest >> (8 * i));
    rest = 0;
    for (std::size_t i = 0; i < kSlices; ++i) rest ^= tables[kSlices - 1 - i][block[i]];
  }
  for (; count > 0; --count, ++next) rest = (rest >> 8) ^ tables[0][(rest ^ *next) & 255];
  return ~rest;
}

}  // namespace glowvox

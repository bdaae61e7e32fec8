// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace glowvox {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of bytes, continuing one of what came before them.
std::uint32_t crc32c(const void* bytes, std::size_t count, std::uint32_t so_far = 0);

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// Counter-based random numbers: a value is a pure function of its coordinates.
#pragma once

#include <array>
#include <cstdint>

namespace glowvox {

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// Standard normal values (Box-Muller) of one channel for frames [first_frame, first_frame + count):
// a pure function of (seed, stream, channel, frame), so chunking, threads and batches cannot
// change them. out[i * stride] receives frame first_frame + i; first_frame >= 0.
void fill_normal(std::uint64_t seed, std::uint32_t stream, std::uint32_t channel,
                 std::int64_t first_frame, std::int64_t count, float* out, std::int64_t stride = 1);

// A uniform double in [0, 1), a pure function of (seed, stream, index).
double uniform_at(std::uint64_t seed, std::uint32_t stream, std::uint64_t index);

}  // namespace glowvox

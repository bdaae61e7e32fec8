// SPDX-License-Identifier: MIT
// Latent noise, a vector of channels at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "core/rows_view.hpp"

namespace glowvox::engine {

// sigma * N(0, 1): out[frame][column] for channel channels[column], the same function of (seed,
// stream 0, channel, frame) as fill_normal (to a float's last bit), frames from first_frame >= 0.
void noise(std::uint64_t seed, const std::vector<std::uint32_t>& channels, std::int64_t first_frame,
           float sigma, RowsView out);

}  // namespace glowvox::engine

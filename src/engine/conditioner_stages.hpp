// SPDX-License-Identifier: MIT
// mel -> log-mel and features, frame by frame.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/prepared.hpp"
#include "engine/stage.hpp"

namespace glowvox::engine {

// The stages from `mel` (rows of frames as the specification stores them) to condition, in order.
// delay_rows: how many lifted rows the last reader of the condition may be behind its producer.
std::vector<std::unique_ptr<Stage>> conditioner_stages(const PreparedModel& model, RowWindow* mel,
                                                       Condition* condition, int most_frames,
                                                       int delay_rows);

// Throws Error naming the first value that is not finite.
void check_finite(const float* frames, std::int64_t count, int bands);
// Frames [count][bands] behind those of `mel`, for which there is room.
void append_frames(const float* frames, std::int64_t count, int bands, RowWindow* mel);

// Context that rows of mel need.
int mel_frames_before(const PreparedModel& model);

}  // namespace glowvox::engine

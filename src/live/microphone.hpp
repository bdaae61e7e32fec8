// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "live/frame_source.hpp"

namespace glowvox::live {

// The mel of what a device records, as it comes; it never ends. Throws Error when the device cannot
// be opened and, from next, DeviceLost.
std::unique_ptr<FrameSource> open_microphone(const std::string& device, double latency_ms,
                                             const MelSpec& spec);

}  // namespace glowvox::live

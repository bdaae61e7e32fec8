// SPDX-License-Identifier: MIT
#pragma once

namespace glowvox::tools {

// Where a JACK server has died, tells PortAudio once more, which wakes it if it waits for the
// server's answer; elsewhere does nothing.
void repeat_jack_shutdown();

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
// play, stream and devices where this program was built without sound cards.
#include "glowvox/error.hpp"
#include "live/commands.hpp"

namespace glowvox::live {

namespace {

[[noreturn]] void refuse(const char* command) {
  throw Error(command, "this build has no live playback",
              "install portaudio19-dev and configure with -DGLOWVOX_PLAYBACK=ON");
}

}  // namespace

int play(const PlayOptions& /*options*/) { refuse("play"); }
int stream(StreamOptions /*options*/) { refuse("stream"); }
int list_devices(bool /*json*/) { refuse("devices"); }
bool has_output() { return false; }

}  // namespace glowvox::live

// SPDX-License-Identifier: MIT
// glowvox, and glowvox-train: which commands a program has is what it is linked of.
#include "command.hpp"
#ifdef GLOWVOX_JACK
#include "audio/sound_card.hpp"
#include "jack_shutdown.hpp"
#endif

int main(int argc, char** argv) {
#ifdef GLOWVOX_JACK
  glowvox::audio::while_closing(glowvox::tools::repeat_jack_shutdown);
#endif
  return glowvox::tools::dispatch(argc, argv);
}

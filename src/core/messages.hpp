// SPDX-License-Identifier: MIT
// Where messages for the user go.
#pragma once

#include <cstdio>

namespace glowvox {

// Standard error, also while QuietLibraries keeps it from everybody else.
std::FILE* messages();

// While one lives, what sound libraries print on standard error is thrown away: ALSA, JACK and
// PortAudio report there every device that they did not find, from threads of their own too. The
// file descriptor is the process's, so this is for a program, not for a library that an application
// embeds. GLOWVOX_DRIVER_MESSAGES=1 in the environment lets everything through.
class QuietLibraries {
 public:
  QuietLibraries();
  ~QuietLibraries();
  QuietLibraries(const QuietLibraries&) = delete;
  QuietLibraries& operator=(const QuietLibraries&) = delete;

 private:
  std::FILE* kept_ = nullptr;
};

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// Where messages for the user go.
#pragma once

#include <cstdio>
#include <exception>
#include <string>

namespace glowvox {

// Standard error, also while QuietLibraries keeps it from everybody else.
std::FILE* messages();

// What begins every message: "glowvox train".
void set_program_name(const std::string& name);

// A line for the user on messages(): "glowvox train: text", nothing unprintable in it.
void say(const std::string& text);
// The same with "error: " before the text, in red on a terminal unless NO_COLOR is set or TERM is
// dumb.
void say_error(const std::string& text);

// One line that says what happened, as it is printed behind "error: ".
std::string message_of(const std::exception& e);

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

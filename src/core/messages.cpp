// SPDX-License-Identifier: MIT
#include "core/messages.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "core/descriptor.hpp"
#include "core/platform_tools.hpp"
#include "core/printable.hpp"

namespace glowvox {

namespace {
std::FILE* redirected = nullptr;

std::string& program_name() {
  static std::string name = "glowvox";
  return name;
}
}  // namespace

std::FILE* messages() { return redirected != nullptr ? redirected : stderr; }

void set_program_name(const std::string& name) { program_name() = name; }

void say(const std::string& text) {
  fmt::print(messages(), "{}: {}\n", program_name(), printable(text));
}

void say_error(const std::string& text) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool color = platform::is_terminal(::fileno(messages())) &&
                     (no_color == nullptr || *no_color == '\0') &&
                     (terminal == nullptr || std::strcmp(terminal, "dumb") != 0);
  fmt::print(messages(), "{}: {}error:{} {}\n", program_name(), color ? "\x1b[1;31m" : "",
             color ? "\x1b[0m" : "", printable(text));
}

// A library's message may span lines and carry its own stack: the first line says what happened.
std::string message_of(const std::exception& e) {
  if (dynamic_cast<const std::bad_alloc*>(&e) != nullptr)
    return "not enough memory; use shorter inputs, fewer at once or a smaller batch";
  const std::string text = e.what();
  return text.substr(0, text.find('\n'));
}

QuietLibraries::QuietLibraries() {
  const char* loud = std::getenv("GLOWVOX_DRIVER_MESSAGES");
  if (redirected != nullptr || (loud != nullptr && std::strcmp(loud, "1") == 0)) return;
  const Descriptor nothing(platform::open_nothing());
  const int kept = platform::duplicate(platform::kErrors, platform::kErrors + 1);
  if (nothing.get() < 0 || kept < 0) return;  // then there is noise, and nothing worse
  kept_ = ::fdopen(kept, "w");
  if (kept_ == nullptr) {
    platform::close_descriptor(kept);
    return;
  }
  std::setvbuf(kept_, nullptr, _IONBF, 0);
  std::fflush(stderr);
  platform::redirect(platform::kErrors, nothing.get());
  redirected = kept_;
}

QuietLibraries::~QuietLibraries() {
  if (kept_ == nullptr) return;
  std::fflush(stderr);
  platform::redirect(platform::kErrors, ::fileno(kept_));
  redirected = nullptr;
  std::fclose(kept_);
}

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "core/messages.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "core/descriptor.hpp"

namespace glowvox {

namespace {
std::FILE* redirected = nullptr;
}  // namespace

std::FILE* messages() { return redirected != nullptr ? redirected : stderr; }

QuietLibraries::QuietLibraries() {
  const char* loud = std::getenv("GLOWVOX_DRIVER_MESSAGES");
  if (redirected != nullptr || (loud != nullptr && std::strcmp(loud, "1") == 0)) return;
  const Descriptor nothing(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const int kept = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (nothing.get() < 0 || kept < 0) return;  // then there is noise, and nothing worse
  kept_ = ::fdopen(kept, "w");
  if (kept_ == nullptr) {
    ::close(kept);
    return;
  }
  std::setvbuf(kept_, nullptr, _IONBF, 0);
  std::fflush(stderr);
  ::dup2(nothing.get(), STDERR_FILENO);
  redirected = kept_;
}

QuietLibraries::~QuietLibraries() {
  if (kept_ == nullptr) return;
  std::fflush(stderr);
  ::dup2(::fileno(kept_), STDERR_FILENO);
  redirected = nullptr;
  std::fclose(kept_);
}

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// Shared libraries that are opened when the first of their functions is called: most runs of the
// command need none of them, and every one costs its start.
#pragma once

namespace glowvox::late {

// Whether a library's functions are there for other libraries to find.
enum class Shown { kNo, kYes };

// One library, of which functions are taken by name. soname, purpose: literals.
class Library {
 public:
  Library(const char* soname, const char* purpose, Shown shown = Shown::kNo);
  // Never null. Throws Error where the library or the function is not there.
  void* function(const char* name) const;

 private:
  const char* soname_;
  const char* purpose_;
  void* handle_;
};

}  // namespace glowvox::late

// In a file that stands for a library and defines library(): the library's own function of this
// name, looked up once.
#define GLOWVOX_LATE(name)                                                                   \
  static const auto original = reinterpret_cast<decltype(&name)>(library().function(#name)); \
  return original

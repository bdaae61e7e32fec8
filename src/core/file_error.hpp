// SPDX-License-Identifier: MIT
// What is said of a file that cannot be used.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include "glowvox/error.hpp"

namespace glowvox {

// error: the errno of the system call that failed.
inline Error cannot_read(const std::string& path, int error = errno) {
  return Error(path, error == ENOENT ? std::string("no such file")
                                     : std::string("cannot read: ") + std::strerror(error));
}

inline Error cannot_write(const std::string& path, int error = errno,
                          const std::string& hint = "") {
  return Error(path, std::string("cannot write: ") + std::strerror(error), hint);
}

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// Wrong use of a program.
#pragma once

#include "glowvox/error.hpp"

namespace glowvox {

// Options that do not belong together, or a value that cannot be: printed like any error, exit
// status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// The one exception type at the library's edge.
#pragma once

#include <stdexcept>
#include <string>

#include "glowvox/export.h"

namespace glowvox {

// Says where (a file, an option or a configuration key), what (expected against got) and what to
// do. what() is one line: "where: problem; hint".
class GLOWVOX_API Error : public std::runtime_error {
 public:
  Error(const std::string& where, const std::string& problem, const std::string& hint = "")
      : std::runtime_error(where + ": " + problem + (hint.empty() ? "" : "; " + hint)),
        where_(where) {}
  const std::string& where() const { return where_; }
  // What follows `where` in what(): "problem; hint".
  const char* problem() const { return what() + where_.size() + 2; }

 private:
  std::string where_;
};

}  // namespace glowvox

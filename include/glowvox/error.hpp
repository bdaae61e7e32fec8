// The one exception type at the library's edge.
#pragma once

#include <stdexcept>
#include <string>

namespace glowvox {

// Says where (a file, an option or a configuration key), what (expected against got) and what to
// do. what() is one line: "where: problem; hint".
class Error : public std::runtime_error {
 public:
  Error(const std::string& where, const std::string& problem, const std::string& hint = "")
      : std::runtime_error(where + ": " + problem + (hint.empty() ? "" : "; " + hint)) {}
};

}  // namespace glowvox

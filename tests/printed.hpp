// SPDX-License-Identifier: MIT
// What a function prints on standard output.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

#include "core/atomic_file.hpp"
#include "temporary.hpp"

namespace glowvox::test {

// While one lives, standard output goes to a file.
class PrintedOutput {
 public:
  PrintedOutput() {
    std::fflush(stdout);
    std::FILE* const file = std::fopen(folder_.file("printed").c_str(), "w");
    ::dup2(::fileno(file), STDOUT_FILENO);
    std::fclose(file);
  }
  ~PrintedOutput() {
    std::fflush(stdout);
    ::dup2(kept_, STDOUT_FILENO);
    ::close(kept_);
  }
  PrintedOutput(const PrintedOutput&) = delete;
  PrintedOutput& operator=(const PrintedOutput&) = delete;
  std::string text() const {
    std::fflush(stdout);
    return read_file(folder_.file("printed"));
  }

 private:
  TemporaryDirectory folder_;
  int kept_ = ::dup(STDOUT_FILENO);
};

}  // namespace glowvox::test

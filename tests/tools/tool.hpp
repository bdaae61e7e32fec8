// SPDX-License-Identifier: MIT
// Runs the programs as a user does.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/atomic_file.hpp"
#include "temporary.hpp"

namespace glowvox::test {

struct Ran {
  int status = -1;
  std::string out, err;
};

// arguments: as typed in a shell after "glowvox".
inline Ran run_glowvox(const TemporaryDirectory& folder, const std::string& arguments) {
  const std::string out = folder.file(".stdout"), err = folder.file(".stderr");
  const std::string command =
      std::string(GLOWVOX_BINARY) + " >" + out + " 2>" + err + " " + arguments;
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out), read_file(err)};
}

// Status 0, and the run for its output.
inline Ran succeeds(const TemporaryDirectory& folder, const std::string& arguments) {
  const Ran ran = run_glowvox(folder, arguments);
  CAPTURE(arguments);
  CAPTURE(ran.err);
  REQUIRE(ran.status == 0);
  return ran;
}

// A last line that is the error and holds `message`, and the exit status of an error (1) or of
// wrong usage (2).
inline void refuses(const TemporaryDirectory& folder, const std::string& arguments,
                    const std::string& message, int status = 1) {
  const Ran ran = run_glowvox(folder, arguments);
  CAPTURE(arguments);
  CAPTURE(ran.err);
  CHECK(ran.status == status);
  // Notices may stand above it (a resampled file, a CPU without bfloat16).
  const std::size_t error = ran.err.find(" error: ");
  REQUIRE(error != std::string::npos);
  CHECK(std::count(ran.err.begin() + static_cast<std::ptrdiff_t>(error), ran.err.end(), '\n') == 1);
  CHECK(contains(ran.err.substr(error), message));
}

inline std::string config(const std::string& name) {
  return std::string(GLOWVOX_CONFIGS) + "/" + name + ".yaml";
}

inline std::string speech_file() { return std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav"; }

// A folder with a model of random weights: "m.safetensors".
class ModelFolder : public TemporaryDirectory {
 public:
  explicit ModelFolder(const std::string& configuration = "tiny") : model(file("m.safetensors")) {
    succeeds(*this, "init " + config(configuration) + " -o " + model + " --seed 3");
  }
  const std::string model;
};

}  // namespace glowvox::test

// SPDX-License-Identifier: MIT
// Clocks, child processes and scratch files of the benchmark.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace glowvox::bench {

// Median seconds of `work` after one run to warm up: at least `least` runs and `seconds` of them.
double median_seconds(const std::function<void()>& work, int least, double seconds);

// Runs a program with its standard output thrown away and throws Error when it fails.
double child_seconds(const std::vector<std::string>& command);  // from start to exit
struct Child {
  double seconds = 0.0, peak_mb = 0.0;  // largest resident memory
};
Child watch_child(const std::vector<std::string>& command);
// What a program prints on standard output; empty when it fails. Throws Error when it cannot be
// run.
std::string output_of(const std::vector<std::string>& command);

// A folder of its own, removed with everything in it.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace glowvox::bench

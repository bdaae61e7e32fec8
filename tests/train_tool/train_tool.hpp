// SPDX-License-Identifier: MIT
// glowvox train as a user runs it: a small corpus, the tiny model.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tools/tool.hpp"

namespace glowvox::test {

// A folder with clips of speech, and runs that train on them.
class TrainFolder : public TemporaryDirectory {
 public:
  TrainFolder();
  std::string data() const { return file("data"); }
  // As typed after "glowvox": train tiny.yaml --data ... --out NAME and what is given; --float32
  // unless that says --bf16, so that two runs are comparable.
  std::string train(const std::string& name, const std::string& more) const;
  std::string model(const std::string& name) const {
    return read_file(file(name + "/model.safetensors"));
  }
  // Of the last row of a run's metrics.csv.
  double last(const std::string& name, const std::string& column) const;
};

// A process started in the background by the shell's words; ended when it goes out of scope.
class Background {
 public:
  explicit Background(const std::string& command);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  void kill(int signal) const;  // it and whatever it started
  // Its exit status, 128 and more for a signal; -1 when it has not ended after `seconds`.
  int wait(double seconds);
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
  bool ended_ = false;
};

// Of two model files' weights, of the same names and shapes.
double largest_difference(const std::string& a, const std::string& b);

// Every process whose parent is `parent`.
std::vector<pid_t> children_of(pid_t parent);

}  // namespace glowvox::test

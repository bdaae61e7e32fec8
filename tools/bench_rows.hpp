// SPDX-License-Identifier: MIT
// What `glowvox bench` measures.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace glowvox::tools {

struct BenchOptions {
  std::string model;                        // the project's own
  std::string configs;                      // folder with waveglow-256.yaml
  std::string program;                      // the glowvox executable
  std::string pytorch;                      // script that times PyTorch; empty: not asked for
  std::string python = "/usr/bin/python3";  // that runs it
  int threads = 0;
  bool quick = false;  // short utterances and few repetitions: is everything there and right?
};

struct BenchRow {
  std::string name, unit;  // rtf (seconds of work for a second of sound), ms, mb or libraries
  double value = 0.0;
  std::string peer;                  // what it is compared with, measured in the same run
  std::optional<double> peer_value;  // in the same unit
  std::string check;                 // how the result was checked
  std::vector<std::string> notes;    // further figures
  std::optional<double> pytorch;     // in the same unit
};

// The rows' names in order, and how each is measured. Measuring throws Error where a result is
// wrong.
struct Bench {
  std::string name, what;
  std::function<BenchRow(const BenchOptions&)> measure;
};
const std::vector<Bench>& benches();

}  // namespace glowvox::tools

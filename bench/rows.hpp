// SPDX-License-Identifier: MIT
// What `glowvox bench` measures.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench.hpp"

namespace glowvox::bench {

// What --peer names beside LibTorch.
struct OtherPeer {
  std::string name;
  double value = 0.0;  // in the row's unit
};

struct BenchRow {
  std::string name, unit;  // rtf (seconds of work for a second of sound), ms, mb or libraries
  double value = 0.0;
  std::string peer;                  // what it is compared with, measured in the same run
  std::optional<double> peer_value;  // in the same unit
  std::string check;                 // how the result was checked
  std::vector<std::string> notes;    // further figures
  std::optional<OtherPeer> other;
};

// How each of row_names is measured, in their order. Measuring throws Error where a result is
// wrong.
struct Bench {
  std::string name;
  std::function<BenchRow(const BenchOptions&)> measure;
};
const std::vector<Bench>& benches();

}  // namespace glowvox::bench

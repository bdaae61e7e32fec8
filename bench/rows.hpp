// SPDX-License-Identifier: MIT
// What `glowvox bench` measures.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench.hpp"
#include "glowvox/mel.hpp"
#include "timing.hpp"

namespace glowvox::bench {

constexpr double kSigma = 0.7;  // of whatever is measured

// What --peer names beside LibTorch.
struct OtherPeer {
  std::string name;
  double value = 0.0;  // in the row's unit
};

struct BenchRow {
  std::string name, unit;  // rtf (seconds of work for a second of sound), ms, mb or libraries
  double value = 0.0;
  std::string peer;                   // what it is compared with, measured in the same run
  std::optional<double> peer_value;   // in the same unit
  std::string check;                  // how the result was checked
  std::vector<std::string> notes;     // further figures
  std::vector<std::string> table;     // lines below the row
  std::vector<std::string> markdown;  // a table, printed as it is
  nlohmann::ordered_json parts;       // the same as JSON; null: nothing
  std::string skipped;                // why it could not be measured here; empty: it was
  std::optional<OtherPeer> other;
};

// How each of row_names is measured, in their order. Measuring throws Error where a result is
// wrong.
struct Bench {
  std::string name;
  std::function<BenchRow(const BenchOptions&)> measure;
};
const std::vector<Bench>& benches();

// What rows are measured with: a mel of about the range of speech, how long its sound is, and a
// published configuration (of `configs`) with random weights, as a file in the folder.
Mel random_mel(const MelSpec& spec, double seconds);
double seconds_of(const Mel& mel, const MelSpec& spec);
std::string random_model(const BenchOptions& options, const ScratchFolder& folder,
                         const std::string& name);
std::string write_mel(const ScratchFolder& folder, const MelSpec& spec, double seconds);

}  // namespace glowvox::bench

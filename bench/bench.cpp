// SPDX-License-Identifier: MIT
#include "bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/beside.hpp"
#include "core/cpu.hpp"
#include "core/messages.hpp"
#include "core/usage_error.hpp"
#include "glowvox/vocoder.hpp"
#include "rows.hpp"

namespace glowvox::bench {

namespace {

double ratio(const BenchRow& row) { return *row.peer_value / row.value; }

void print_json(const BenchRow& row) {
  nlohmann::ordered_json line = {{"name", row.name}, {row.unit, row.value}, {"peer", row.peer}};
  line["peer_" + row.unit] = *row.peer_value;
  line["ratio"] = ratio(row);
  line["check"] = row.check;
  if (row.other) {
    const std::string key = row.other->name == "PyTorch" ? "pytorch" : "onnxruntime";
    line[key + "_" + row.unit] = row.other->value;
    line[key + "_ratio"] = row.other->value / row.value;
  }
  if (!row.notes.empty()) line["notes"] = row.notes;
  if (!row.parts.is_null()) line["parts"] = row.parts;
  fmt::print("{}\n", line.dump());
}

std::string figure(double value) {
  return value >= 100.0 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

void print_table_row(const BenchRow& row) {
  std::string notes = row.check;
  for (const std::string& note : row.notes) notes += "; " + note;
  if (row.other)
    notes += fmt::format("; {} {} ({:.2f} times)", row.other->name, figure(row.other->value),
                         row.other->value / row.value);
  fmt::print("{:<18} {:>7} {:<9} {:>7} {:>7.1f}  {}: {}\n", row.name, figure(row.value), row.unit,
             figure(*row.peer_value), ratio(row), row.peer, notes);
  for (const std::string& line : row.table) fmt::print("    {}\n", line);
  if (!row.markdown.empty()) fmt::print("\n");
  for (const std::string& line : row.markdown) fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::vector<Bench> chosen(const std::vector<std::string>& names) {
  if (names.empty()) return benches();
  std::vector<Bench> result;
  for (const std::string& name : names) {
    const auto found = std::find_if(benches().begin(), benches().end(),
                                    [&](const Bench& b) { return b.name == name; });
    if (found == benches().end()) {
      std::string all;
      for (const Bench& b : benches()) all += (all.empty() ? "" : ", ") + b.name;
      throw UsageError("--row", "unknown row '" + name + "', expected one of " + all);
    }
    result.push_back(*found);
  }
  return result;
}

}  // namespace

int run(const Options& options) {
  Options o = options;
  const std::vector<Bench> rows = chosen(o.rows);
  if (o.bench.model.empty()) o.bench.model = beside_program("samples/mdct-causal.safetensors");
  if (o.bench.configs.empty()) o.bench.configs = beside_program("configs");
  o.bench.program = program_beside("glowvox");
  if (o.peer == "pytorch") o.bench.pytorch = beside_program("bench/pytorch_peer.py");
  if (o.peer == "onnxruntime") o.bench.onnxruntime = beside_program("bench/onnxruntime_peer.py");
  const bool bf16 = has_bfloat16();
  if (!o.json) fmt::print("{:<18} {:>7} {:<9} {:>7} {:>7}\n", "", "here", "", "peer", "ratio");
  for (const Bench& bench : rows) {
    if (!bf16 && bench.name.find("bf16") != std::string::npos) {
      say(bench.name + ": skipped, this processor has no bfloat16");
      continue;
    }
    const BenchRow row = bench.measure(o.bench);
    if (!row.skipped.empty())
      say(bench.name + ": skipped, " + row.skipped);
    else if (o.json)
      print_json(row);
    else
      print_table_row(row);
  }
  return 0;
}

}  // namespace glowvox::bench

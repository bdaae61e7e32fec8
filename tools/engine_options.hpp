// SPDX-License-Identifier: MIT
// The options of every tool that synthesizes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "glowvox/vocoder.hpp"

namespace glowvox::tools {

struct EngineOptions {
  std::string model, precision = "auto";
  int threads = 0;
  double sigma = SynthesisOptions{}.sigma;
  std::uint64_t seed = 1;
  std::optional<double> denoise;
  std::optional<int> corrections;

  void add_to(CLI::App& app, const char* usual_threads = "all cores");
  // Without --model, the voice that came with this program, where it is there.
  void default_to_voice(CLI::App& app);
  // Those of a single temperature.
  void add_sampling_to(CLI::App& app);
  // What is the same whatever the temperature.
  void add_finishing_to(CLI::App& app, const char* usual_corrections = "as the model file says");
  Vocoder load() const;
  SynthesisOptions synthesis() const;  // throws UsageError
  int thread_count() const;            // of --threads, or all cores; throws UsageError
};

const char* name_of(Precision precision);

}  // namespace glowvox::tools

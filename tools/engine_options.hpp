// The options of every tool that synthesizes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "glowvox/vocoder.hpp"

namespace glowvox::tools {

struct EngineOptions {
  std::string model, precision = "auto";
  int threads = 0;

  void add_to(CLI::App& app, const char* usual_threads = "all cores");
  Vocoder load() const;
  int thread_count() const;  // of --threads, or all cores; throws UsageError
};

const char* name_of(Precision precision);

}  // namespace glowvox::tools

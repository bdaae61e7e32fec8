// SPDX-License-Identifier: MIT
// What a user says of a model and of how it synthesizes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "glowvox/vocoder.hpp"

namespace glowvox {

struct EngineOptions {
  std::string model;  // a file; empty: the voice beside the program
  std::string precision = "auto";
  bool stream = false;          // made a frame at a time, which `auto` is about then
  std::string memory = "fast";  // or small: Memory::kSmall
  int threads = 0;              // 0: as the command usually does
  double sigma = SynthesisOptions{}.sigma;
  std::uint64_t seed = 1;
  std::optional<double> denoise;   // nothing: as the model file says
  std::optional<int> corrections;  // likewise

  Vocoder load() const;                // throws UsageError for an unknown precision or memory
  SynthesisOptions synthesis() const;  // throws UsageError
  int thread_count() const;            // all cores where none is said; throws UsageError
};

// Path of a sample that came with this program (the voice, a mel), as installed or in a build
// folder of the sources; empty where it is not there.
std::string sample_beside_program(const std::string& name);

const char* name_of(Precision precision);             // fp32, bf16
const char* name_of(PrecisionChoice::Source source);  // stated, only one, measured, cached

}  // namespace glowvox

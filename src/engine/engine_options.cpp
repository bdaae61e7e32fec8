// SPDX-License-Identifier: MIT
#include "engine/engine_options.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "core/cpu.hpp"
#include "core/path.hpp"
#include "core/platform_tools.hpp"
#include "core/usage_error.hpp"

namespace glowvox {

namespace {

constexpr int kMostThreads = 1024;
constexpr const char* kVoice = "mdct-causal.safetensors";

const std::map<std::string, Precision>& precisions() {
  static const std::map<std::string, Precision> names = {{"auto", Precision::kAuto},
                                                         {"fp32", Precision::kFloat32},
                                                         {"bf16", Precision::kBfloat16},
                                                         {"int8", Precision::kInt8}};
  return names;
}

}  // namespace

std::string sample_beside_program(const std::string& name) {
  std::error_code unknown;
  const auto folder = path_of(platform::program_path()).parent_path();
  for (const char* place : {"share/glowvox", "samples"}) {
    const auto path = folder.parent_path() / place / name;
    if (std::filesystem::exists(path, unknown)) return utf8_of(path);
  }
  return "";
}

SynthesisOptions EngineOptions::synthesis() const {
  if (!(sigma >= 0.0))
    throw UsageError("--sigma", fmt::format("expected 0 or more, got {}", sigma));
  if (denoise && !(*denoise >= 0.0))
    throw UsageError("--denoise", fmt::format("expected 0 or more, got {}", *denoise));
  if (corrections && *corrections < 0)
    throw UsageError("--corrections", fmt::format("expected 0 or more, got {}", *corrections));
  return {sigma, seed, thread_count(), denoise, corrections};
}

int EngineOptions::thread_count() const {
  if (threads < 0 || threads > kMostThreads)
    throw UsageError("--threads", "expected a number from 0 to " + std::to_string(kMostThreads) +
                                      ", got " + std::to_string(threads));
  return threads > 0 ? threads : available_cores();
}

Vocoder EngineOptions::load() const {
  const auto found = precisions().find(precision);
  if (found == precisions().end())
    throw UsageError("--precision", "expected auto, fp32, bf16 or int8, got '" + precision + "'");
  if (memory != "fast" && memory != "small")
    throw UsageError("--memory", "expected fast or small, got '" + memory + "'");
  const std::string path = model.empty() ? sample_beside_program(kVoice) : model;
  if (path.empty())
    throw UsageError("--model", "no voice lies beside this program", "give a model file");
  const bool streams = stream && found->second == Precision::kAuto;
  return Vocoder::load(path, streams ? Precision::kAutoStream : found->second,
                       memory == "small" ? Memory::kSmall : Memory::kFast);
}

const char* name_of(Precision precision) {
  if (precision == Precision::kInt8) return "int8";
  return precision == Precision::kBfloat16 ? "bf16" : "fp32";
}

const char* name_of(PrecisionChoice::Source source) {
  switch (source) {
    case PrecisionChoice::Source::kStated:
      return "stated";
    case PrecisionChoice::Source::kMeasured:
      return "measured";
    case PrecisionChoice::Source::kCached:
      return "cached";
    case PrecisionChoice::Source::kOnlyOne:
      break;
  }
  return "only one";
}

}  // namespace glowvox

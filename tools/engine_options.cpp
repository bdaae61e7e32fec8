// SPDX-License-Identifier: MIT
#include "engine_options.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "command.hpp"
#include "core/cpu.hpp"

namespace glowvox::tools {

namespace {

constexpr int kMostThreads = 1024;

const std::map<std::string, Precision>& precisions() {
  static const std::map<std::string, Precision> names = {
      {"auto", Precision::kAuto}, {"fp32", Precision::kFloat32}, {"bf16", Precision::kBfloat16}};
  return names;
}

// As installed, or in a build folder of the sources; empty: neither.
std::string voice_beside_program() {
  std::error_code unknown;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  for (const char* place : {"share/glowvox", "samples"}) {
    const auto path = folder.parent_path() / place / "mdct-causal.safetensors";
    if (std::filesystem::exists(path, unknown)) return path.string();
  }
  return "";
}

}  // namespace

void EngineOptions::default_to_voice(CLI::App& app) {
  const std::string voice = voice_beside_program();
  if (voice.empty()) return;
  model = voice;
  app.get_option("--model")->required(false)->description("Model file (default: " + voice + ")");
}

void EngineOptions::add_to(CLI::App& app, const char* usual_threads) {
  app.add_option("--model", model, "Model file")->required();
  app.add_option("--precision", precision,
                 "fp32, bf16, or auto: bf16 where the processor has it and the model allows it")
      ->capture_default_str();
  app.add_option("--threads", threads, std::string("Threads (default: ") + usual_threads + ")");
}

void EngineOptions::add_sampling_to(CLI::App& app) {
  app.add_option("--sigma", sigma, "Temperature")->capture_default_str();
  app.add_option("--seed", seed, "Random seed")->capture_default_str();
}

void EngineOptions::add_finishing_to(CLI::App& app, const char* usual_corrections) {
  app.add_option("--denoise", denoise,
                 "Strength of the denoiser, which takes off what the model hums in silence; 0: off "
                 "(default: as the model file says)");
  app.add_option("--corrections", corrections,
                 std::string("Passes that bring the sound's mel nearer to the given one; each adds "
                             "most of a transform to a stream's latency; 0: off (default: ") +
                     usual_corrections + ")");
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
    throw UsageError("--precision", "expected auto, fp32 or bf16, got '" + precision + "'");
  return Vocoder::load(model, found->second);
}

const char* name_of(Precision precision) {
  return precision == Precision::kBfloat16 ? "bf16" : "fp32";
}

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
#include "start.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "glowvox/vocoder.hpp"
#include "safetensors/model_metadata.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::bench {

namespace {

constexpr double kUtteranceSeconds = 0.25;

}  // namespace

BenchRow start(const BenchOptions& o) {
  const ScratchFolder folder;
  const Vocoder vocoder = Vocoder::load(o.model);
  const std::string mel = write_mel(folder, vocoder.mel(), kUtteranceSeconds),
                    out = folder.file("out.wav");
  const int least = o.quick ? 3 : 21;
  BenchRow row;
  row.name = "start";
  row.unit = "ms";
  const auto ours = [&] {
    child_seconds({o.program, "synth", "--model", o.model, "--mel", mel, "-o", out});
  };
  ours();
  row.check = fmt::format("{} bytes of sound", std::filesystem::file_size(out));
  row.value = 1e3 * median_seconds(ours, least, 0.0);
  row.peer = "a LibTorch program that loads the model";
  row.peer_value = 1e3 * median_seconds(
                             [&] {
                               child_seconds({o.program, "info", o.model});
                             },
                             o.quick ? 1 : 5, 0.0);

  const double process = 1e3 * median_seconds(
                                   [&] {
                                     child_seconds({o.program, "--version"});
                                   },
                                   least, 0.0);
  const double mapping = 1e3 * median_seconds(
                                   [&] {
                                     const safetensors::MappedSafetensors file(o.model);
                                     safetensors::model_config(file.metadata(), o.model);
                                   },
                                   least, 0.0);
  const double loading = 1e3 * median_seconds([&] { Vocoder::load(o.model); }, least, 0.0);
  const Mel brief = random_mel(vocoder.mel(), kUtteranceSeconds);
  const double sound = 1e3 * median_seconds([&] { vocoder.synthesize(brief); }, least, 0.0);
  const double rest = row.value - process - loading - sound;
  const auto part = [&row](const char* name, const char* key, double ms) {
    row.table.push_back(fmt::format("{:<48} {:>7.1f} ms", name, ms));
    row.parts[key] = ms;
  };
  part("process and shared libraries (--version)", "process_ms", process);
  part("mapping the model, reading what it is", "mapping_ms", mapping);
  part("laying its weights out", "weights_ms", loading - mapping);
  part("a quarter of a second of sound", "sound_ms", sound);
  part("the rest: first touches, mel, writing", "rest_ms", rest);
  return row;
}

}  // namespace glowvox::bench

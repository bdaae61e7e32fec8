// SPDX-License-Identifier: MIT
// glowvox: its own subcommands, and those of glowvox-train, which it starts.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "catalogue.hpp"
#include "commands.hpp"
#include "config/model_config.hpp"
#include "core/cpu.hpp"
#ifdef GLOWVOX_JACK
#include "audio/sound_card.hpp"
#include "jack_shutdown.hpp"
#endif

using namespace glowvox::tools;

namespace {

void print_help() {
  fmt::print(
      "glowvox: a flow-based speech vocoder\n\nUsage: glowvox COMMAND [OPTIONS]\n\nCommands:\n");
  for (const Command& c : catalogue()) fmt::print("  {:<11}{}\n", c.name, c.summary);
  fmt::print("\nglowvox COMMAND --help shows a command's options and examples.\n");
}

// What a `train` command line will do, as far as it can be read; its errors are glowvox-train's.
bool trains_in_bf16(int argc, char** argv) {
  bool bf16 = glowvox::has_fast_bf16();
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--float32") bf16 = false;
    if (std::filesystem::path(argument).extension() != ".yaml") continue;
    try {
      bf16 = bf16 && glowvox::config::read_config(argument).train.bf16;
    } catch (const glowvox::Error&) {
      return bf16;
    }
  }
  return bf16;
}

#ifndef GLOWVOX_PLAYBACK
bool plays(const std::string& command) {
  return command == "devices" || command == "play" || command == "stream";
}
#endif

int start_beside(const char* program, char** argv) {
  std::error_code unknown;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  const std::string path = (folder / program).string();
  ::execv(path.c_str(), argv);
  say("error: " + path + ": cannot be started: " + std::strerror(errno) +
      (errno == ENOENT ? "; install LibTorch and configure with -DGLOWVOX_TRAINING=ON" : ""));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "--help";
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return argc > 1 ? 0 : 2;
  }
  if (name == "--version") {
    fmt::print("glowvox {}\n", GLOWVOX_VERSION);
    return 0;
  }
  const Command* known = find_command(name.c_str());
  if (!known) {
    say("unknown command '" + name + "'; see glowvox --help");
    return 2;
  }
#ifdef GLOWVOX_JACK
  glowvox::audio::while_closing(repeat_jack_shutdown);
#endif
  static const std::pair<const char*, Setup> kSetups[] = {
#ifdef GLOWVOX_PLAYBACK
      {"devices", setup_devices}, {"play", setup_play},     {"stream", setup_stream},
#endif
      {"decode", setup_decode},   {"encode", setup_encode}, {"export", setup_export},
      {"import", setup_import},   {"mel", setup_mel},       {"mel-check", setup_mel_check},
      {"morph", setup_morph},     {"pack", setup_pack},     {"synth", setup_synth}};
  for (const auto& [own, setup] : kSetups) {
    if (name != own) continue;
    Command command = *known;
    command.setup = setup;
    return run_command(command, argc, argv);
  }
#ifndef GLOWVOX_PLAYBACK
  if (plays(name)) {
    say("error: " + name +
        ": this build has no live playback; install portaudio19-dev and "
        "configure with -DGLOWVOX_PLAYBACK=ON");
    return 1;
  }
#endif
  // LibTorch's OpenMP threads spin between loops, on the cores that OpenBLAS's threads need: float
  // synthesis is three times faster when they sleep, float training four. bfloat16 training, which
  // has no part in OpenBLAS, is faster when they spin, but only for a moment: where another process
  // wants a core, threads that spin for one that has none are thirty times slower.
  if (name != "train" || !trains_in_bf16(argc, argv))
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
  else
    ::setenv("GOMP_SPINCOUNT", "3000", 0);
  // OpenBLAS's threads spin as well, 20 ms long after each product, beside those of training's own
  // loops: the power of two of cycles after which they sleep.
  ::setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);
  return start_beside("glowvox-train", argv);
}

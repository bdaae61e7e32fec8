// SPDX-License-Identifier: MIT
// glowvox-train: the subcommands that need LibTorch; glowvox starts it.
#include <cstring>

#include "catalogue.hpp"
#include "commands.hpp"

int main(int argc, char** argv) {
  using namespace glowvox::tools;
  static const std::pair<const char*, Setup> kSetups[] = {
      {"info", setup_info},   {"init", setup_init}, {"score", setup_score}, {"train", setup_train},
#ifndef GLOWVOX_BARE  // what synthesizes, and compares sounds
      {"bench", setup_bench}, {"eval", setup_eval},
#endif
  };
  for (const auto& [name, setup] : kSetups) {
    if (argc < 2 || std::strcmp(argv[1], name) != 0) continue;
    Command command = *find_command(name);
    command.setup = setup;
    return run_command(command, argc, argv);
  }
  say("expected a subcommand; see glowvox --help");
  return 2;
}

// SPDX-License-Identifier: MIT
// Every subcommand of glowvox.
#pragma once

#include "command.hpp"

namespace glowvox::tools {

// Those of the glowvox executable itself.
std::function<int()> setup_decode(CLI::App& app);
std::function<int()> setup_devices(CLI::App& app);
std::function<int()> setup_encode(CLI::App& app);
std::function<int()> setup_export(CLI::App& app);
std::function<int()> setup_import(CLI::App& app);
std::function<int()> setup_mel(CLI::App& app);
std::function<int()> setup_mel_check(CLI::App& app);
std::function<int()> setup_morph(CLI::App& app);
std::function<int()> setup_pack(CLI::App& app);
std::function<int()> setup_play(CLI::App& app);
std::function<int()> setup_stream(CLI::App& app);
std::function<int()> setup_synth(CLI::App& app);

// Those of glowvox-train, which need LibTorch.
std::function<int()> setup_bench(CLI::App& app);
std::function<int()> setup_eval(CLI::App& app);
std::function<int()> setup_info(CLI::App& app);
std::function<int()> setup_init(CLI::App& app);
std::function<int()> setup_score(CLI::App& app);
std::function<int()> setup_train(CLI::App& app);

}  // namespace glowvox::tools

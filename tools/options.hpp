// SPDX-License-Identifier: MIT
// Options that several commands have, each group added by one call.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "arrays/mel_input.hpp"
#include "engine/engine_options.hpp"
#include "live/commands.hpp"
#include "train/data.hpp"

namespace glowvox::tools {

enum class Model { kRequired, kOptional, kUsual };  // kUsual: the voice that came with glowvox
void add_model(CLI::App& app, std::string& path, Model model);
void add_threads(CLI::App& app, int& threads, const char* usual = "all cores");
// --model, --precision, --memory, --threads.
void add_engine(CLI::App& app, EngineOptions& o, Model model,
                const char* usual_threads = "all cores");
void add_sampling(CLI::App& app, EngineOptions& o);  // --sigma, --seed
// --denoise, --corrections.
void add_finishing(CLI::App& app, EngineOptions& o,
                   const char* usual_corrections = "as the model file says");

void add_mel(CLI::App& app, arrays::MelInput& o);  // all that says what a mel file is
void add_mel_conversion(CLI::App& app,
                        arrays::MelInput& o);  // --from-preset, --from-stats, --convert

void add_live(CLI::App& app, live::Options& o,
              const char* usual_corrections = "as the model file says");

void add_format(CLI::App& app, std::string& format);  // --format
void add_json(CLI::App& app, bool& json);             // --json

void add_speakers(CLI::App& app, train::SpeakerRule& rule);  // --speakers
void add_skip_unreadable(CLI::App& app, bool& skip);         // --skip-unreadable

}  // namespace glowvox::tools

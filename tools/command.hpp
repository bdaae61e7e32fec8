// SPDX-License-Identifier: MIT
// The subcommands, which register themselves, and how one is run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace glowvox::tools {

// Adds its options to the app and returns what runs after parsing (the exit status).
using Setup = std::function<int()> (*)(CLI::App& app);

// Where the list of commands shows it.
enum class Group { kSound, kMels, kModels, kTraining, kLatents };

struct Command {
  const char* name;
  Group group;
  const char* summary;
  const char* examples;  // a line each, shown under the options by --help
  Setup setup;
};

// A command's file has one of these at its end.
class Registration {
 public:
  explicit Registration(const Command& command);
};

const std::vector<Command>& commands();  // by group and name

// Parses the options of `command` behind argv[1] and runs it. Exit status: 0; 1 after an error,
// which is printed as one line; 2 after wrong usage; 130 after Ctrl-C; 141 after a broken pipe.
int run_command(const Command& command, int argc, char** argv);

// A program of these commands: help, version, the nearest name of an unknown one, the command.
int dispatch(int argc, char** argv);

// The command line as this program got it, its name first: to start it once more.
const std::vector<std::string>& program_arguments();

// The app of a command, with its options, examples and help in 80 columns.
std::unique_ptr<CLI::App> app_of(const Command& command, std::function<int()>* run);

}  // namespace glowvox::tools

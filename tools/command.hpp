// SPDX-License-Identifier: MIT
// The subcommands and what they share.
#pragma once

#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "glowvox/error.hpp"

namespace glowvox::tools {

// Of a tool whose output nobody reads any more: as a shell shows an end by SIGPIPE.
constexpr int kBrokenPipeStatus = 141;

// A subcommand: adds its options to the app and returns what runs after parsing (the exit status).
using Setup = std::function<int()> (*)(CLI::App& app);

struct Command {
  const char* name;
  const char* summary;
  const char* examples;  // shown under the options by --help
  Setup setup;           // null: lives in glowvox-train
};

// Parses argv[2...] for the command named by argv[1] and runs it. Exit status: 0; 1 after an
// error, which is printed as one line; 2 after wrong usage.
int run_command(const Command& command, int argc, char** argv);

// Runs body and turns what it throws into one line on standard error and an exit status; a broken
// pipe (which is a signal where that is not ignored) into the status alone.
int guarded(const std::string& name, const std::function<int()>& body);

// One line that says what happened, as it is printed behind "error: ".
std::string message_of(const std::exception& e);

// Options that do not belong together: printed like any error, exit status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

// The command line as this program got it, its name first: to start it once more.
const std::vector<std::string>& program_arguments();

// A line for the user on standard error: "glowvox train: text".
void say(const std::string& text);

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
#include "command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <system_error>
#include <tuple>

#include "core/atomic_file.hpp"
#include "core/messages.hpp"
#include "core/nearest.hpp"
#include "core/usage_error.hpp"
#include "help.hpp"

namespace glowvox::tools {

namespace {

constexpr int kUsageStatus = 2;
constexpr int kBrokenPipeStatus = 141;  // as a shell shows an end by SIGPIPE

std::vector<std::string>& arguments() {
  static std::vector<std::string> all;
  return all;
}

std::vector<Command>& registered() {
  static std::vector<Command> all;
  return all;
}

// "problem; see glowvox COMMAND --help", and what may have been meant before that.
int wrong_usage(const std::string& problem, const std::string& command,
                const std::string& meant = "") {
  const std::string see = meant.empty() ? "; see" : "; did you mean " + meant + "? See";
  say_error(problem + see + " glowvox " + (command.empty() ? "" : command + " ") + "--help");
  return kUsageStatus;
}

// The parser's complaint. What it did not expect, an option that there is not or a word too many,
// comes first: what else is missing may be what it stands for.
int wrong_options(const CLI::App& app, const CLI::ParseError& e, const std::string& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string> rest = app.remaining();
  for (const std::string& word : rest) {
    if (word.size() < 2 || word[0] != '-') continue;
    const std::string option = word.substr(0, word.find('='));
    return wrong_usage("unknown option '" + option + "'", command, nearest(option, names));
  }
  return wrong_usage(rest.empty() ? e.what() : "unexpected argument '" + rest.front() + "'",
                     command);
}

// Runs body and turns what it throws into one line on standard error and an exit status; a broken
// pipe (which is a signal where that is not ignored) into the status alone.
int guarded(const Command& command, const std::function<int()>& body) {
  try {
    const int status = body();
    if (std::fflush(stdout) == 0) return status;
    if (errno == EPIPE) return kBrokenPipeStatus;
    say_error(std::string("standard output: cannot write: ") + std::strerror(errno));
  } catch (const BrokenPipe&) {
    return kBrokenPipeStatus;
  } catch (const UsageError& e) {
    return wrong_usage(e.what(), command.name);
  } catch (const std::system_error& e) {
    if (e.code().value() == EPIPE) return kBrokenPipeStatus;
    say_error(message_of(e));
  } catch (const std::exception& e) {
    say_error(message_of(e));
  }
  return 1;
}

const Command* command_named(const std::string& name) {
  for (const Command& command : commands())
    if (name == command.name) return &command;
  return nullptr;
}

int unknown_command(const std::string& name) {
  std::vector<std::string> names = {"help"};
  for (const Command& command : commands()) names.emplace_back(command.name);
  return wrong_usage("unknown command '" + name + "'", "", nearest(name, names));
}

// glowvox help [COMMAND]
int help(int argc, char** argv) {
  const std::string topic = argc > 2 ? argv[2] : "";
  if (topic.empty() || topic == "--markdown") {
    fmt::print("{}", topic.empty() ? overview() : command_line_page());
    return 0;
  }
  const Command* command = command_named(topic);
  if (command == nullptr) return unknown_command(topic);
  std::function<int()> run;
  fmt::print("{}\n", help_of(*app_of(*command, &run), *command));
  return 0;
}

}  // namespace

Registration::Registration(const Command& command) { registered().push_back(command); }

const std::vector<Command>& commands() {
  static const std::vector<Command> sorted = [] {
    std::vector<Command> all = registered();
    std::sort(all.begin(), all.end(), [](const Command& a, const Command& b) {
      return std::make_tuple(a.group, std::string(a.name)) <
             std::make_tuple(b.group, std::string(b.name));
    });
    return all;
  }();
  return sorted;
}

const std::vector<std::string>& program_arguments() { return arguments(); }

std::unique_ptr<CLI::App> app_of(const Command& command, std::function<int()>* run) {
  auto app = std::make_unique<CLI::App>(command.summary, std::string("glowvox ") + command.name);
  *run = command.setup(*app);
  return app;
}

int run_command(const Command& command, int argc, char** argv) {
  arguments().assign(argv, argv + argc);
  set_program_name(std::string("glowvox ") + command.name);
  std::function<int()> run;
  const std::unique_ptr<CLI::App> app = app_of(command, &run);
  if (argc > 2 && std::strcmp(argv[2], "--list-options") == 0) {
    fmt::print("{}", option_lines(*app));
    return 0;
  }
  try {
    app->parse(argc - 1, argv + 1);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}\n", help_of(*app, command));
    return 0;
  } catch (const CLI::ParseError& e) {
    return wrong_options(*app, e, command.name);
  }
  return guarded(command, run);
}

int dispatch(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name.empty() || name == "--help" || name == "-h") {
    fmt::print("{}", overview());
    return name.empty() ? kUsageStatus : 0;
  }
  if (name == "help") return help(argc, argv);
  if (name == "--version") {
    fmt::print("{}", version());
    return 0;
  }
  if (name == "--list-commands") {
    fmt::print("{}", command_lines());
    return 0;
  }
  const Command* command = command_named(name);
  return command != nullptr ? run_command(*command, argc, argv) : unknown_command(name);
}

}  // namespace glowvox::tools

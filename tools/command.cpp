// SPDX-License-Identifier: MIT
#include "command.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <system_error>

#include "core/atomic_file.hpp"
#include "core/messages.hpp"
#include "core/printable.hpp"
#include "glowvox/error.hpp"

namespace glowvox::tools {

namespace {
constexpr int kUsageStatus = 2;
std::string program = "glowvox";
std::vector<std::string> arguments;
}  // namespace

void say(const std::string& text) { fmt::print(messages(), "{}: {}\n", program, printable(text)); }

// A library's message may span lines and carry its own stack: the first line says what happened.
std::string message_of(const std::exception& e) {
  const std::string text = e.what();
  const bool memory = dynamic_cast<const std::bad_alloc*>(&e) != nullptr ||
                      text.find("can't allocate memory") != std::string::npos;
  return memory ? "not enough memory; use shorter inputs, fewer at once or a smaller batch"
                : text.substr(0, text.find('\n'));
}

int guarded(const std::string& name, const std::function<int()>& body) {
  program = name;
  try {
    const int status = body();
    if (std::fflush(stdout) == 0) return status;
    if (errno == EPIPE) return kBrokenPipeStatus;
    say(std::string("error: standard output: cannot write: ") + std::strerror(errno));
  } catch (const BrokenPipe&) {
    return kBrokenPipeStatus;
  } catch (const UsageError& e) {
    say(std::string("error: ") + e.what() + "; see " + program + " --help");
    return kUsageStatus;
  } catch (const std::system_error& e) {
    if (e.code().value() == EPIPE) return kBrokenPipeStatus;
    say("error: " + message_of(e));
  } catch (const std::exception& e) {
    say("error: " + message_of(e));
  }
  return 1;
}

const std::vector<std::string>& program_arguments() { return arguments; }

int run_command(const Command& command, int argc, char** argv) {
  arguments.assign(argv, argv + argc);
  CLI::App app(command.summary, std::string("glowvox ") + command.name);
  app.footer(std::string("Examples:\n") + command.examples);
  const auto run = command.setup(app);
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    program = app.get_name();
    say(std::string("error: ") + e.what() + "; see " + program + " --help");
    return kUsageStatus;
  }
  return guarded(app.get_name(), run);
}

}  // namespace glowvox::tools

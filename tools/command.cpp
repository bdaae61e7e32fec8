#include "command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>

#include "glowvox/error.hpp"

namespace glowvox::tools {

namespace {
std::string program = "glowvox";
}

void say(const std::string& text) { fmt::print(stderr, "{}: {}\n", program, text); }

int guarded(const std::string& name, const std::function<int()>& body) {
  program = name;
  try {
    return body();
  } catch (const std::bad_alloc&) {
    say("error: not enough memory; use shorter inputs, or fewer at once");
  } catch (const std::exception& e) {
    // A library's message may span lines and carry its own stack: the first line says what
    // happened.
    const std::string text = e.what();
    say("error: " + text.substr(0, text.find('\n')));
  }
  return 1;
}

int run_command(const Command& command, int argc, char** argv) {
  CLI::App app(command.summary, std::string("glowvox ") + command.name);
  app.footer(std::string("Examples:\n") + command.examples);
  const auto run = command.setup(app);
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return guarded(app.get_name(), run);
}

}  // namespace glowvox::tools

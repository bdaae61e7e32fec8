// SPDX-License-Identifier: MIT
// What the program says of itself, and to somebody who mistyped.
#include <cstdlib>
#include <sstream>
#include <vector>

#include "tools/tool.hpp"

using namespace glowvox;
using test::contains;
using test::refuses;
using test::succeeds;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> command_names(const test::TemporaryDirectory& folder) {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(succeeds(folder, "--list-commands").out))
    names.push_back(line.substr(0, line.find('\t')));
  return names;
}

const std::string kCompletions = GLOWVOX_DOCS "/../tools/completions/";

bool is_installed(const std::string& program) {
  const bool found = std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
  if (!found) MESSAGE("skipped: no " << program);
  return found;
}

// What a shell prints that runs a script.
std::string said_by(const std::string& shell, const std::string& script) {
  const test::TemporaryDirectory folder;
  write_file(folder.file("script"), script);
  REQUIRE(std::system((shell + " " + folder.file("script") + " >" + folder.file("out")).c_str()) ==
          0);
  return read_file(folder.file("out"));
}

}  // namespace

TEST_CASE("help: every command, with examples, in 80 columns") {
  const test::TemporaryDirectory folder;
  const std::string overview = succeeds(folder, "--help").out;
  const std::vector<std::string> names = command_names(folder);
  REQUIRE(names.size() >= 19);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(contains(overview, "\n  " + name + " "));
    const std::string help = succeeds(folder, name + " --help").out;
    CHECK(help == succeeds(folder, "help " + name).out);
    CHECK(contains(help, "Usage: glowvox " + name));
    CHECK(contains(help, "\nExamples:\n  "));
    for (const std::string& line : lines_of(help)) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
    }
    CHECK(contains(succeeds(folder, name + " --list-options").out, "--help\t"));
  }
  for (const std::string& line : lines_of(overview)) CHECK(line.size() <= 80);
  // Nothing at all is wrong usage, and shows the same.
  const test::Ran nothing = test::run_glowvox(folder, "");
  CHECK(nothing.status == 2);
  CHECK(nothing.out == overview);
}

TEST_CASE("docs/command-line.md is what the commands say") {
  const test::TemporaryDirectory folder;
  const std::string path = std::string(GLOWVOX_DOCS) + "/command-line.md";
  const std::string page = succeeds(folder, "help --markdown").out;
  const char* update = std::getenv("GLOWVOX_UPDATE_DOCS");
  if (update != nullptr && *update == '1') write_file(path, page);
  INFO("GLOWVOX_UPDATE_DOCS=1 in the environment of this test writes it anew");
  CHECK(read_file(path) == page);
}

TEST_CASE("an unknown command or option: the nearest is named") {
  const test::TemporaryDirectory folder;
  refuses(folder, "synht", "unknown command 'synht'; did you mean synth? See glowvox --help", 2);
  refuses(folder, "frobnicate", "unknown command 'frobnicate'; see glowvox --help", 2);
  refuses(folder, "synth --sgima 1", "unknown option '--sgima'; did you mean --sigma? See", 2);
  refuses(folder, "synth --frobnicate", "unknown option '--frobnicate'; see glowvox synth", 2);
  refuses(folder, "devices now", "unexpected argument 'now'; see glowvox devices --help", 2);
  refuses(folder, "synth --mel x.npy", "--out is required; see glowvox synth --help", 2);
  refuses(folder, "train --rate 1 --lots", "unknown option '--lots'", 2);
}

TEST_CASE("bash completes commands and options") {
  const auto completed = [](const std::string& words, int at) {
    return said_by("bash", "source " + kCompletions +
                               "glowvox.bash\nCOMP_WORDS=(" GLOWVOX_BINARY " " + words +
                               ")\nCOMP_CWORD=" + std::to_string(at) +
                               "\n_glowvox\necho \"${COMPREPLY[*]}\"\n");
  };
  CHECK(completed("mel", 1) == "mel mel-check\n");
  CHECK(completed("--ver", 1) == "--version\n");
  CHECK(completed("synth --cor", 2) == "--corrections\n");
  CHECK(completed("synth mel.n", 2) == "\n");  // files, which bash adds
}

TEST_CASE("fish completes commands and options") {
  if (!is_installed("fish")) return;
  const auto completed = [](const std::string& words) {
    return said_by("fish", "source " + kCompletions +
                               "glowvox.fish\ncomplete -C '" GLOWVOX_BINARY " " + words +
                               "' | cut -f1\n");
  };
  CHECK(completed("mel") == "mel\nmel-check\n");
  CHECK(completed("--ver") == "--version\n");
  CHECK(completed("synth --cor") == "--corrections\n");
}

// At a prompt, which completes what is followed by the tabulator.
TEST_CASE("zsh completes commands and options") {
  if (!is_installed("zsh")) return;
  const auto completed = [](const std::string& words, const std::string& expected) {
    return said_by("timeout 60 zsh -f",
                   "zmodload zsh/zpty || exit\nzpty prompt zsh -f -i\n"
                   "zpty -w prompt \"PS1=; fpath=(" +
                       kCompletions +
                       " \\$fpath); autoload -Uz compinit; "
                       "compinit -u -D; print rea''dy\"\n"
                       "zpty -r -m prompt said '*ready*'\n"
                       "zpty -w -n prompt $'" GLOWVOX_BINARY " " +
                       words +
                       "\\t'\n"
                       "zpty -r -m prompt said '*" +
                       expected + "*' && print completed\nzpty -d prompt\n");
  };
  CHECK(completed("mel-", "mel-check") == "completed\n");
  CHECK(completed("--ver", "--version") == "completed\n");
  CHECK(completed("synth --cor", "--corrections") == "completed\n");
}

TEST_CASE("version: how it was built, and of what") {
  const test::TemporaryDirectory folder;
  const std::string version = succeeds(folder, "--version").out;
  for (const char* word : {"glowvox ", "built ", "parts ", "library, command", "fmt "})
    CHECK(contains(version, word));
}

TEST_CASE("errors are red on a terminal alone, and never with NO_COLOR") {
  const test::TemporaryDirectory folder;
  const std::string in_terminal =
      "script -qec '" + std::string(GLOWVOX_BINARY) + " synht' /dev/null";
  if (!is_installed("script")) return;
  const auto output = [&](const std::string& environment) {
    static_cast<void>(std::system(
        ("env " + environment + " TERM=xterm " + in_terminal + " >" + folder.file("out")).c_str()));
    return read_file(folder.file("out"));
  };
  CHECK(contains(output("-u NO_COLOR"), "\x1b[1;31merror:\x1b[0m"));
  CHECK_FALSE(contains(output("NO_COLOR=1"), "\x1b"));
  CHECK_FALSE(contains(test::run_glowvox(folder, "synht").err, "\x1b"));
}

TEST_CASE("demo: the voice that came with it, written") {
  const test::TemporaryDirectory folder;
  succeeds(folder, "demo --no-playback -o " + folder.file("demo.wav"));
  succeeds(folder, "synth --mel " + std::string(GLOWVOX_SAMPLES) + "/kerstin.npy -o " +
                       folder.file("synth.wav"));
  CHECK(read_file(folder.file("demo.wav")) == read_file(folder.file("synth.wav")));
}

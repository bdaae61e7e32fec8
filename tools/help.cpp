// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <fmt/format.h>

#include <sstream>

#include "glowvox/version.h"

namespace glowvox::tools {

namespace {

constexpr std::size_t kColumns = 80, kIndent = 26;

const char* title_of(Group group) {
  switch (group) {
    case Group::kSound:
      return "Sound from mels and recordings";
    case Group::kMels:
      return "Mels";
    case Group::kLatents:
      return "Latents and likelihood";
    case Group::kModels:
      return "Models";
    case Group::kTraining:
      return "Training and measuring";
  }
  return "";
}

// The words of a text in lines of at most kColumns, the first one behind `begun` columns.
std::string wrapped(const std::string& text, std::size_t begun, std::size_t indent) {
  std::string lines;
  std::size_t column = begun;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column > indent && column + 1 + word.size() > kColumns) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines;
}

// "-o,--out TEXT"
std::string spelling(const CLI::Option& option) {
  std::string text = option.get_name(option.get_positional());
  if (!option.get_positional()) {
    text.clear();
    for (const std::string& name : option.get_snames()) text += "-" + name + ",";
    for (const std::string& name : option.get_lnames()) text += "--" + name + ",";
    text.pop_back();
  }
  const std::string type = option.get_items_expected_max() == 0 ? "" : option.get_type_name();
  if (!option.get_positional() && !type.empty()) text += " " + type.substr(0, type.find(':'));
  if (option.get_items_expected_max() > 1) text += " ...";
  return text;
}

// Of what a check says ("TEXT:{wav,flac}", "FLOAT:FLOAT in [0 - 1]"): "wav, flac", "0 to 1"; empty
// for choices that the description names itself.
std::string allowed(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t colon = type.find(':'), range = type.find(" in [");
  if (range != std::string::npos) {
    std::string text = type.substr(range + 5, type.find(']', range) - range - 5);
    const std::size_t dash = text.find(" - ");
    return dash == std::string::npos ? text : text.replace(dash, 3, " to ");
  }
  if (colon == std::string::npos || type[colon + 1] != '{') return "";
  std::string text;
  bool named = true;
  std::istringstream choices(type.substr(colon + 2, type.find('}') - colon - 2));
  for (std::string choice; std::getline(choices, choice, ',');) {
    text += (text.empty() ? "" : ", ") + choice;
    named = named && option.get_description().find(choice) != std::string::npos;
  }
  return named ? "" : text;
}

// What it does, with what it may be and usually is.
std::string meaning(const CLI::Option& option) {
  std::string text = option.get_description();
  std::string more;
  const auto add = [&more](const std::string& note) { more += (more.empty() ? "" : "; ") + note; };
  if (!allowed(option).empty()) add(allowed(option));
  if (!option.get_default_str().empty()) add("default: " + option.get_default_str());
  if (option.get_required() && !option.get_positional()) add("required");
  if (more.empty()) return text;
  if (text.back() != ')') return text + " (" + more + ")";
  text.pop_back();
  return text + "; " + more + ")";
}

bool is_help(const CLI::Option& option) { return option.check_lname("help"); }

std::vector<const CLI::Option*> options_in(const CLI::App& app, const std::string& group) {
  return app.get_options(
      [&group](const CLI::Option* o) { return !is_help(*o) && o->get_group() == group; });
}

std::string usage_of(const CLI::App& app, const Command& command) {
  std::string usage = fmt::format("glowvox {} [OPTIONS]", command.name);
  for (const CLI::Option* o : app.get_options())
    if (o->get_positional())
      usage += fmt::format(o->get_required() ? " {}{}" : " [{}{}]", o->get_name(true),
                           o->get_items_expected_max() > 1 ? " ..." : "");
  return usage;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find(". ")); }

}  // namespace

std::string help_of(const CLI::App& app, const Command& command) {
  std::string text = fmt::format("{}\n\nUsage: {}\n", command.summary, usage_of(app, command));
  for (const std::string& group : app.get_groups()) {
    const auto options = options_in(app, group);
    if (options.empty()) continue;
    text += "\n" + group + ":\n";
    for (const CLI::Option* o : options) {
      std::string line = "  " + spelling(*o);
      if (line.size() + 2 > kIndent) {
        text += line + "\n";
        line.clear();
      }
      line.resize(kIndent, ' ');
      text += line + wrapped(meaning(*o), kIndent, kIndent) + "\n";
    }
  }
  return text + "\nExamples:\n" + command.examples;
}

std::string overview() {
  std::string text =
      "glowvox: mel spectrograms to speech by a flow, and back with exact likelihood\n\n"
      "  glowvox demo                         hear the voice that came with it\n"
      "  glowvox synth --mel mel.npy -o speech.wav\n"
      "  glowvox synth --wav speech.wav -o copy.wav\n"
      "  glowvox mel-check mel.npy            what is this mel; does the voice take it?\n";
  Group group{};
  bool first = true;
  for (const Command& c : commands()) {
    if (first || c.group != group) text += fmt::format("\n{}:\n", title_of(group = c.group));
    first = false;
    text += fmt::format("  {:<11}{}\n", c.name, c.summary);
  }
  return text + "\nglowvox COMMAND --help shows a command's options and examples.\n";
}

std::string version() {
  std::string parts = "library, command";
#ifdef GLOWVOX_HAS_PLAYBACK
  parts += ", sound cards";
#endif
#ifdef GLOWVOX_HAS_TRAINING
  parts += ", training";
#endif
  return fmt::format("glowvox {}\nbuilt      {}\nparts      {}\nlibraries  {}\n", GLOWVOX_VERSION,
                     GLOWVOX_BUILD, parts, wrapped(GLOWVOX_LIBRARIES, 11, 11));
}

std::string command_line_page() {
  std::string page =
      "# The command line\n\n"
      "What `glowvox COMMAND --help` says, command by command. `glowvox help --markdown`\n"
      "prints this page.\n\n"
      "Exit status: 0; 1 after an error, which is one line on standard error; 2 after\n"
      "wrong use; 130 after Ctrl-C; 141, without a word, when the next program of a\n"
      "pipeline has ended. Commands that print figures have `--json`. A file is whole or\n"
      "not there.\n";
  for (const Command& c : commands()) {
    std::function<int()> run;
    page += fmt::format("\n## {}\n\n```\n{}\n```\n", c.name, help_of(*app_of(c, &run), c));
  }
  return page;
}

std::string option_lines(const CLI::App& app) {
  std::string lines;
  for (const CLI::Option* o : app.get_options())
    for (const std::string& name : o->get_lnames())
      lines += fmt::format("--{}\t{}\n", name, first_line(o->get_description()));
  return lines;
}

std::string command_lines() {
  std::string lines;
  for (const Command& c : commands()) lines += fmt::format("{}\t{}\n", c.name, c.summary);
  return lines;
}

}  // namespace glowvox::tools

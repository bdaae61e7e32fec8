// SPDX-License-Identifier: MIT
// docs/configuration.md is what the keys say. GLOWVOX_UPDATE_DOCS=1 writes it anew.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "config/schema.hpp"
#include "core/atomic_file.hpp"

using namespace glowvox;

namespace {

constexpr const char* kIntroduction = R"(# Configurations

<!-- Generated from src/config/schema.cpp: GLOWVOX_UPDATE_DOCS=1 build/test_lib --test-case='*configuration.md*' -->

A configuration is a YAML file that describes a model, its training and its mel specification. The
folder `configs/` has one for every published model that glowvox knows, and for its own.
`glowvox info configs/NAME.yaml` prints a model's size and work, `glowvox train configs/NAME.yaml`
trains it. Model files and checkpoints hold the whole configuration.

A key that is left out has its default. An unknown key, a value of another type or out of its range,
and a combination that cannot work are errors, which name the file and the key.
)";

const char* type_of(bool*) { return "true or false"; }
const char* type_of(int*) { return "whole number"; }
const char* type_of(double*) { return "number"; }
const char* type_of(std::string*) { return "text"; }
const char* type_of(std::vector<int>*) { return "list of whole numbers"; }
const char* type_of(std::vector<float>*) { return "list of numbers"; }

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

std::string type_cell(const Key& key) {
  const std::string type = std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Choice>)
          return fmt::format("`{}`", fmt::join(value.names, "`, `"));
        else if constexpr (std::is_same_v<T, Preset>)
          return "a preset's name";
        else if constexpr (std::is_pointer_v<T>)
          return type_of(value);
        else
          return "";
      },
      key.value);
  return key.unit[0] == '\0' ? type : fmt::format("{} ({})", type, key.unit);
}

std::string range_cell(const Range& range) {
  std::string cell;
  if (!range.most_is.empty())
    cell = fmt::format("{} to {}", range.least, range.most_is);
  else if (range.least > Range{}.least)
    cell = range.text();
  return range.condition.empty() ? cell : cell + " " + range.condition;
}

std::string default_cell(const Key& key) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Choice>)
          return code(value.names[value.index]);
        else if constexpr (std::is_same_v<T, std::vector<int>*> ||
                           std::is_same_v<T, std::vector<float>*>)
          return code(fmt::format("[{}]", fmt::join(*value, ", ")));
        else if constexpr (std::is_pointer_v<T>)
          return code(fmt::format("{}", *value));
        else
          return "";
      },
      key.value);
}

// A section's own keys as a table, then the sections in it.
std::string section(const std::string& path, const Keys& keys) {
  std::string text =
      "\n| key | type | range | default | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Key& key : keys)
    if (!std::holds_alternative<Keys>(key.value))
      text += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, type_cell(key),
                          range_cell(key.range), default_cell(key), key.meaning);
  for (const Key& key : keys)
    if (const auto* inner = std::get_if<Keys>(&key.value)) {
      const std::string name = path.empty() ? key.name : path + "." + key.name;
      text += fmt::format("\n{} `{}`\n\n{}\n", path.empty() ? "##" : "###", name, key.meaning) +
              section(name, *inner);
    }
  return text;
}

std::string page() {
  config::ModelConfig defaults;
  std::string text = kIntroduction + section("", config::keys_of(defaults));
  text += "\n## Presets of `mel`\n\n| preset | what it is |\n| --- | --- |\n";
  for (const std::string& name : mel_preset_names())
    text += fmt::format("| `{}` | {} |\n", name, describe(mel_preset(name)));
  return text;
}

void check_meanings(const Keys& keys) {
  for (const Key& key : keys) {
    CAPTURE(key.name);
    CHECK(std::string(key.meaning).size() > 5);
    CHECK(std::string(key.meaning).back() == '.');
    if (const auto* inner = std::get_if<Keys>(&key.value)) check_meanings(*inner);
  }
}

}  // namespace

TEST_CASE("every key says what it means") {
  config::ModelConfig config;
  check_meanings(config::keys_of(config));
}

TEST_CASE("docs/configuration.md is what the keys say") {
  const std::string path = std::string(GLOWVOX_CONFIGS) + "/../docs/configuration.md";
  if (std::getenv("GLOWVOX_UPDATE_DOCS") != nullptr) write_file(path, page());
  INFO("GLOWVOX_UPDATE_DOCS=1 build/test_lib --test-case='*configuration.md*' writes it anew");
  CHECK(read_file(path) == page());
}

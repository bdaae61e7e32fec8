// SPDX-License-Identifier: MIT
// What a command found, as people and programs read it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace glowvox {

// Of one object or list, indented; bytes that are not UTF-8 are replaced.
std::string json_text(const nlohmann::json& json);

// Prints `figures` where JSON is asked for, else `text`, each of its lines made printable: on
// standard output, or on messages() where standard output carries the output itself ("-").
void print_result(bool json, const nlohmann::json& figures, const std::string& text,
                  const std::string& output = "");

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// The files in templates/, which the build puts into the program.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace glowvox::report {

// The template of that file name, filled from an object in Mustache's language
// (mustache.github.io):
// {{name}} is escaped for HTML, {{> name}} is another template. What the object lacks is left out.
std::string render(const std::string& name, const nlohmann::json& values);

// Bytes as an address that an HTML or SVG element can have for its file.
std::string data_uri(const std::string& media_type, const std::string& bytes);

}  // namespace glowvox::report

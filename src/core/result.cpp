// SPDX-License-Identifier: MIT
#include "core/result.hpp"

#include <fmt/format.h>

#include <limits>
#include <sstream>

#include "core/printable.hpp"
#include "core/streams.hpp"

namespace glowvox {

std::string json_text(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_result(bool json, const nlohmann::json& figures, const std::string& text,
                  const std::string& output) {
  if (json) {
    fmt::print("{}\n", json_text(figures));
    return;
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    fmt::print(figures_to(output), "{}\n",
               printable(line, std::numeric_limits<std::size_t>::max()));
}

}  // namespace glowvox

// SPDX-License-Identifier: MIT
#include "core/streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/messages.hpp"
#include "core/path.hpp"
#include "core/platform_tools.hpp"
#include "core/usage_error.hpp"

namespace glowvox {

void check_inputs(const std::vector<std::string>& paths) {
  const auto times = std::count_if(paths.begin(), paths.end(), is_standard);
  if (times > 1)
    throw UsageError(kStandardInput, fmt::format("is one input, and was given {} times", times));
}

void check_output(const std::string& path, bool json, const char* what) {
  if (!is_standard(path)) return;
  if (json) throw UsageError("--json", fmt::format("standard output carries the {} already", what));
  if (platform::is_terminal(platform::kOutput))
    throw UsageError("-o -", "standard output is a terminal", "send it to a program or a file");
}

void refuse_overwriting(const std::string& input, const std::string& output) {
  std::error_code unknown;
  if (std::filesystem::equivalent(path_of(input), path_of(output), unknown) &&
      std::filesystem::is_regular_file(path_of(input), unknown))
    throw Error(input, "would be overwritten", "choose another output");
}

std::FILE* figures_to(const std::string& output) {
  return is_standard(output) ? messages() : stdout;
}

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// What the shipped configurations say about themselves is what `glowvox info` computes.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;

TEST_CASE("configurations and their table in docs/training.md state the computed size and work") {
  const test::TemporaryDirectory folder;
  const std::string table = read_file(std::string(GLOWVOX_CONFIGS) + "/../docs/training.md");
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GLOWVOX_CONFIGS)) {
    const std::string path = entry.path().string();
    CAPTURE(path);
    const json info = json::parse(test::succeeds(folder, "info --json " + path).out);
    const double millions = info["parameters"].get<double>() * 1e-6;
    const double gmac = info["gmac_per_second"].get<double>();
    CHECK(test::contains(
        read_file(path),
        fmt::format("# {:.2f} M parameters, {:.2f} GMAC per second of audio (glowvox info)\n",
                    millions, gmac)));
    CHECK(test::contains(table, fmt::format("| `{}` | {:.2f} M | {:.2f} |",
                                            info["name"].get<std::string>(), millions, gmac)));
    ++seen;
  }
  CHECK(seen >= 11);
}

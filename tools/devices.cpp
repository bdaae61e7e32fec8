// SPDX-License-Identifier: MIT
// glowvox devices: the sound cards there are.
#include <memory>

#include "command.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  add_json(app, *json);
  return [json] { return live::list_devices(*json); };
}

const Registration registration({"devices", Group::kSound, "List sound cards",
                                 "  glowvox devices\n"
                                 "  glowvox devices --json",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
#include "data_options.hpp"

namespace glowvox::tools {

using train::SpeakerRule;

void add_speakers(CLI::App& app, std::string& name) {
  app.add_option("--speakers", name,
                 "Who speaks in a file: name (its folder and its name without the last number), "
                 "folder, or none (all of a list are one)")
      ->check(CLI::IsMember({name_of(SpeakerRule::kName), name_of(SpeakerRule::kFolder),
                             name_of(SpeakerRule::kNone)}))
      ->capture_default_str();
}

SpeakerRule speaker_rule(const std::string& name) {
  for (const SpeakerRule rule : {SpeakerRule::kFolder, SpeakerRule::kNone})
    if (name == name_of(rule)) return rule;
  return SpeakerRule::kName;
}

}  // namespace glowvox::tools

// SPDX-License-Identifier: MIT
#include "data_options.hpp"

#include "glowvox/error.hpp"
#include "sound.hpp"

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

void add_skip_unreadable(CLI::App& app, bool& skip) {
  app.add_flag(
      "--skip-unreadable", skip,
      "Go on without sound files that cannot be read, and list them; every file is decoded "
      "first to find them");
}

std::vector<float> read_listed(const std::string& path, int sample_rate_hz) {
  try {
    return read_sound(path, sample_rate_hz);
  } catch (const Error& e) {
    throw Error(e.where(), std::string(e.what()).substr(e.where().size() + 2),
                "--skip-unreadable goes on without such files");
  }
}

}  // namespace glowvox::tools

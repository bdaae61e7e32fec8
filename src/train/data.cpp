// SPDX-License-Identifier: MIT
#include "train/data.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace glowvox::train {

namespace fs = std::filesystem;

const char* name_of(SpeakerRule rule) {
  switch (rule) {
    case SpeakerRule::kName:
      return "name";
    case SpeakerRule::kFolder:
      return "folder";
    case SpeakerRule::kNone:
      break;
  }
  return "none";
}

std::string speaker_of(const std::string& path, SpeakerRule rule) {
  if (rule == SpeakerRule::kNone) return "";
  const fs::path folder = fs::path(path).parent_path();
  if (rule == SpeakerRule::kFolder) return folder.string();
  const std::string name = fs::path(path).stem().string();
  const std::size_t before_number = name.find_last_not_of("0123456789");
  if (before_number == std::string::npos || before_number + 1 == name.size())
    return folder.string();
  const std::size_t last = name.find_last_not_of("-_. ", before_number);
  return last == std::string::npos ? folder.string() : (folder / name.substr(0, last + 1)).string();
}

std::string describe(const DataOptions& data) {
  if (data.lists.size() == 1) return data.lists.front().path;
  std::string all;
  for (const WeightedPath& list : data.lists)
    all += fmt::format("{}{}:{}", all.empty() ? "" : " ", list.path, list.weight);
  return all;
}

}  // namespace glowvox::train

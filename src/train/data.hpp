// SPDX-License-Identifier: MIT
// What to train on: lists, their weights, and who speaks in them.
#pragma once

#include <string>
#include <vector>

#include "core/weighted_path.hpp"

namespace glowvox::train {

// Who speaks in a file. kName: its folder and its name without the last number
// (speech/anna-0012.flac: anna in speech), the folder alone where the name has no number at its end
// or nothing but one. kFolder: the folder. kNone: everybody in a list is one. In a packed corpus
// kName is what was found when it was packed.
enum class SpeakerRule { kName, kFolder, kNone };
const char* name_of(SpeakerRule rule);
std::string speaker_of(const std::string& path, SpeakerRule rule);

struct DataOptions {
  // Lists, folders or packed corpora; weights are relative to each other.
  std::vector<WeightedPath> lists;
  SpeakerRule speakers = SpeakerRule::kName;
  bool incomplete = false;  // packed corpora may lack parts
  // Sound files that cannot be read are listed and left out; every file is decoded to find them.
  bool skip_unreadable = false;
  // A folder of mels that an acoustic model has predicted for the recordings (see predicted_mels);
  // empty: those that the lists name. Of the segments of clips that have one, a share takes the
  // recording's own mel all the same.
  std::string mels;
  double real_share = 0.0;
  bool needs_mels = true;  // a folder of mels without one for any of the recordings is an error

  DataOptions() = default;
  // One list alone.
  DataOptions(const std::string& path) : lists({{path, 1.0}}) {}
};

std::string describe(const DataOptions& data);  // "train.txt:0.4 many.txt:0.6"

}  // namespace glowvox::train

// SPDX-License-Identifier: MIT
// What is wrong with recordings before anybody trains on them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "audio/sound_file.hpp"
#include "train/clip_source.hpp"

namespace glowvox::train {

enum class Fault { kUnreadable, kShort, kSilent, kClipped, kDuplicate };
const char* name_of(Fault fault);  // "unreadable", "short", ...

struct FaultyClip {
  std::string path;
  Fault fault;
  std::string detail;  // the reason, the level in dB, the first file with the same samples, ...
};

struct CorpusCheck {
  std::size_t clips = 0;
  double seconds = 0.0, shortest = 0.0, median = 0.0, longest = 0.0;  // of what can be read
  std::map<int, std::size_t> rates;                                   // Hz: clips
  std::map<int, std::size_t> channels;                                // 1: mono
  std::size_t narrow = 0;                                             // whose highs are missing
  std::vector<FaultyClip> faults;
  std::size_t count(Fault fault) const;
};

// Recordings as they are, whether they can be read or not.
struct Recordings {
  std::vector<std::string> paths;
  std::function<audio::Clip(std::size_t)> read;
};
// Of a list, a folder or a packed corpus at this rate.
Recordings recordings_of(const std::string& list, int sample_rate_hz, bool incomplete,
                         const Notify& notify);

// Reads every recording. Short: fewer than `segment_seconds`. Silent: below -60 dB of full scale
// altogether. Clipped: more than one sample in 10,000 lies in a run of three or more at the file's
// own extreme of 0.5 or above. Duplicate: the same samples as an earlier file. progress(done) is
// called after each. Narrow: where its fricatives are (the tenth of its frames with the most power
// from 0.5 to 0.72 of half the training rate), it has less by 30 dB or more from 0.76 to 0.98 of
// it, as what was once recorded at a lower rate or coded has; a voice learns that.
CorpusCheck check_corpus(const Recordings& recordings, double segment_seconds, int sample_rate_hz,
                         const std::function<void(std::size_t)>& progress);

}  // namespace glowvox::train

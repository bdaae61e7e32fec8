// SPDX-License-Identifier: MIT
// Mels that an acoustic model has predicted for recordings, its durations taken from them
// ("ground truth aligned").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"
#include "train/clip_source.hpp"

namespace glowvox::train {

class Corpus;

// Which of the mel files below a folder (npy, npz, pt, pth, safetensors) belongs to which clip: the
// one of its path, whatever the extensions, else the one of its name. Clips that name their mel
// keep it; those that have none stay without. Returns how many have one. Throws Error for a folder
// without mels, and where a clip's name is that of several of them.
std::size_t assign_mels(const std::string& folder, std::vector<ClipInfo>* clips);

// The predicted mels of a corpus, frame by frame where its recordings' own would be. One may have a
// few frames more or less than the recording's own has, as padding makes it; how they lie is found
// out by comparing some with their recordings', and said. Missing frames at an end repeat the
// outermost.
class PredictedMels {
 public:
  // Looks at the length of each. Throws Error for a mel of another length or number of bands, and
  // for mels that are not like their recordings' at all.
  PredictedMels(const Corpus& corpus, const MelSpec& spec, const Notify& notify);
  ~PredictedMels();

  bool has(std::size_t clip) const;
  // Frames [first, first + count) of the mel that the clip's recording has under the specification,
  // as they were predicted. Throws Error where the file cannot be read. Thread-safe.
  Mel read(std::size_t clip, std::int64_t first, std::int64_t count) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace glowvox::train

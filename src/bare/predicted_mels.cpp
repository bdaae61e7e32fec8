// SPDX-License-Identifier: MIT
// A bare build reads no mel files.
#include "train/predicted_mels.hpp"

#include "glowvox/error.hpp"

namespace glowvox::train {

std::size_t assign_mels(const std::string& folder, std::vector<ClipInfo>* clips) {
  const auto refuse = [](const std::string& mels) {
    throw Error(mels, "a bare build reads no mels", "train on predicted mels by a whole one");
  };
  if (!folder.empty()) refuse(folder);
  for (const ClipInfo& clip : *clips)
    if (!clip.mel.empty()) refuse(clip.mel);
  return 0;
}

struct PredictedMels::State {};

PredictedMels::PredictedMels(const Corpus& /*corpus*/, const MelSpec& /*spec*/,
                             const Notify& /*notify*/) {}
PredictedMels::~PredictedMels() = default;
bool PredictedMels::has(std::size_t /*clip*/) const { return false; }
Mel PredictedMels::read(std::size_t /*clip*/, std::int64_t /*first*/,
                        std::int64_t /*count*/) const {
  return {};
}

}  // namespace glowvox::train

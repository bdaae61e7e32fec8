// SPDX-License-Identifier: MIT
// Which files are sound, by their names.
#pragma once

#include <string>

namespace glowvox::audio {

enum class Named {
  kSound,  // has an extension of sound files
  kMaybe,  // has one that libsndfile's formats share with others: .mat is MATLAB's, for one
  kOther
};
Named named(const std::string& path);

}  // namespace glowvox::audio

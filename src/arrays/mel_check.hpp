// SPDX-License-Identifier: MIT
// glowvox mel-check: what a mel file is, and whether a model takes it.
#pragma once

#include <string>

#include "arrays/mel_input.hpp"

namespace glowvox::arrays {

struct MelCheckOptions {
  std::string in, model;  // model: may be empty
  MelInput mel;
  int bands = 0;  // 0: as its shape and the model tell
  bool json = false;
};

// Prints what the file holds, what it may have been made by and, where a model is named, whether
// and how that takes it, which is returned; true without one.
bool check_mel(const MelCheckOptions& options);

}  // namespace glowvox::arrays

// SPDX-License-Identifier: MIT
// Where a step's channels lie in a row of activations.
#pragma once

#include "config/model_config.hpp"
#include "engine/aligned.hpp"

namespace glowvox::engine {

// The two parts that a coupling splits the channels into lie one after the other, each padded to
// whole vectors: [first part | second part].
struct ChannelLayout {
  int channels = 0;
  config::SplitKind split = config::SplitKind::kHalves;

  int half() const { return channels / 2; }
  int width() const { return padded(half()); }
  int columns() const { return 2 * width(); }
  int column_of(int channel) const {
    const bool pairs = split == config::SplitKind::kEvenOdd;
    const int part = pairs ? channel % 2 : channel / half();
    return part * width() + (pairs ? channel / 2 : channel % half());
  }
};

}  // namespace glowvox::engine

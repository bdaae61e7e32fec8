// SPDX-License-Identifier: MIT
#include "dsp/mel_length.hpp"

#include <algorithm>
#include <iterator>

namespace glowvox::dsp {

std::int64_t made_samples(const MelSpec& spec, std::int64_t frames) {
  static const MelSpec inverted[] = {mel_preset("vocos_24k"), mel_preset("librosa_default")};
  const bool to_last_middle =
      frames > 1 && std::find(std::begin(inverted), std::end(inverted), spec) != std::end(inverted);
  return (to_last_middle ? frames - 1 : frames) * spec.hop_samples;
}

}  // namespace glowvox::dsp

// The parts of a log-mel that a whole signal and one in pieces share.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// A band's triangle touches few bins: its weights from the first that is not zero on.
struct MelBand {
  std::size_t first = 0;
  std::vector<float> weights;
};

struct MelAnalysis {
  std::vector<MelBand> bands;
  std::vector<double> window;  // [n_fft]
};

// Made once for a specification. Throws Error as validate does.
std::shared_ptr<const MelAnalysis> mel_analysis(const MelSpec& spec);

int mel_padding(const MelSpec& spec);  // samples on both sides
bool mirrors_edges(const MelSpec& spec);
// Throws Error when so many samples are too few to be padded.
void check_mel_length(std::int64_t samples, const MelSpec& spec, int shift_samples);

// The frames that lie inside padded, after those that *mel has.
void append_mel(const std::vector<float>& padded, const MelSpec& spec, const MelAnalysis& analysis,
                Mel* mel);

}  // namespace glowvox::dsp

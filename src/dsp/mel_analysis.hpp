// SPDX-License-Identifier: MIT
// The parts of a log-mel that a whole signal and one in pieces share.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

#include "dsp/natural_log.hpp"

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

// A band's magnitude or power as the specification stores it.
template <typename T>
T stored(T value, const MelSpec& spec) {
  if (spec.log != MelLog::kNone) {
    const auto floor = static_cast<T>(spec.floor);
    value = spec.floor_rule == MelFloor::kAdd ? value + floor : std::max(value, floor);
    value = spec.log == MelLog::kLn ? std::log(value) : std::log10(value);
  }
  if (spec.mean == 0.0 && spec.deviation == 1.0) return value;
  return (value - static_cast<T>(spec.mean)) / static_cast<T>(spec.deviation);
}

// Back: the magnitude or power under a stored value, less the floor where that was added.
inline double unstored(double value, const MelSpec& spec) {
  value = value * spec.deviation + spec.mean;
  if (spec.log == MelLog::kNone) return value;
  const double x = std::exp(value * log_unit(spec.log));
  return spec.floor_rule == MelFloor::kAdd ? std::max(0.0, x - spec.floor) : x;
}

int mel_padding(const MelSpec& spec);  // samples on both sides
bool mirrors_edges(const MelSpec& spec);
// Throws Error when so many samples are too few to be padded.
void check_mel_length(std::int64_t samples, const MelSpec& spec, int shift_samples);

// One frame: spectrum [n_fft / 2 + 1] to bands as the specification stores them. magnitudes: space
// for a value of every bin.
void mel_frame(const std::complex<float>* spectrum, const MelSpec& spec,
               const MelAnalysis& analysis, float* magnitudes, float* bands);

// Centre of gravity of every band of the filterbank in Hz; a band without weights is where the one
// before is.
std::vector<double> band_centers_hz(const MelSpec& spec);

// The frames that lie inside padded, after those that *mel has.
void append_mel(const std::vector<float>& padded, const MelSpec& spec, const MelAnalysis& analysis,
                Mel* mel);

}  // namespace glowvox::dsp

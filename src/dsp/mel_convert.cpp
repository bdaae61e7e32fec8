// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "dsp/mel_analysis.hpp"
#include "glowvox/error.hpp"
#include "glowvox/mel.hpp"

namespace glowvox {

namespace {

// What no arithmetic on the values can change, and what of a logarithm and its floor stands in the
// way; empty: nothing.
std::string obstacles(const MelSpec& from, const MelSpec& to) {
  std::string names;
  const auto add = [&](bool differs, const char* name) {
    if (differs) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  add(from.sample_rate_hz != to.sample_rate_hz, "sample rate");
  add(from.n_fft != to.n_fft, "n_fft");
  add(from.hop_samples != to.hop_samples, "hop");
  add(from.win_samples != to.win_samples, "win");
  add(from.window != to.window, "window");
  add(from.padding != to.padding, "padding");
  add(from.bands != to.bands, "bands");
  add(from.f_min_hz != to.f_min_hz || from.f_max_hz != to.f_max_hz, "frequency range");
  add(from.scale != to.scale, "scale");
  add(from.norm != to.norm, "norm");
  add(from.filter_rate_hz != to.filter_rate_hz, "filter rate");
  add(from.power != to.power, "power");
  add(from.magnitude_epsilon != to.magnitude_epsilon, "epsilon");
  if (from.log == MelLog::kNone && to.log == MelLog::kNone) return names;
  add(from.log == MelLog::kNone || to.log == MelLog::kNone, "log");
  const bool kept = from.floor_rule == MelFloor::kAdd || to.floor_rule == MelFloor::kClamp;
  add(from.log != MelLog::kNone && to.log != MelLog::kNone && (from.floor > to.floor || !kept),
      "floor (what lies below the higher one is lost)");
  return names;
}

}  // namespace

bool converts_exactly(const MelSpec& from, const MelSpec& to) {
  return obstacles(from, to).empty();
}

Mel convert_mel(const Mel& mel, const MelSpec& from, const MelSpec& to) {
  const std::string obstacle = obstacles(from, to);
  if (!obstacle.empty())
    throw Error("mel",
                "was made as [" + describe(from) + "], the model expects [" + describe(to) +
                    "]; they differ in " + obstacle,
                "compute it again with the model's specification");
  if (from == to) return mel;
  Mel out = mel;
  for (float& value : out.values)
    value = static_cast<float>(dsp::stored(dsp::unstored(value, from), to));
  return out;
}

}  // namespace glowvox

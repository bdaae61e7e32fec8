// SPDX-License-Identifier: MIT
// Mel specifications: their keys, validation and description.
#include <fmt/format.h>

#include "dsp/mel_keys.hpp"
#include "glowvox/error.hpp"

namespace glowvox {

namespace {

// As files write them, in the order of the enumerators.
constexpr const char* kScales[] = {"slaney", "htk"};
constexpr const char* kNorms[] = {"slaney", "none"};
constexpr const char* kLogs[] = {"ln", "log10", "none"};
constexpr const char* kPaddings[] = {"reflect", "zero", "hop", "none"};
constexpr const char* kFloors[] = {"clamp", "add"};
constexpr const char* kWindows[] = {"periodic", "symmetric"};

// Upper bounds that keep a mistyped number from asking for gigabytes.
constexpr int kMostRate = 1000000, kMostTransform = 1 << 20, kMostBands = 4096;

}  // namespace

const char* name_of(MelScale scale) { return kScales[static_cast<int>(scale)]; }
const char* name_of(MelNorm norm) { return kNorms[static_cast<int>(norm)]; }
const char* name_of(MelLog log) { return kLogs[static_cast<int>(log)]; }
const char* name_of(MelPadding padding) { return kPaddings[static_cast<int>(padding)]; }
const char* name_of(MelFloor rule) { return kFloors[static_cast<int>(rule)]; }
const char* name_of(MelWindow window) { return kWindows[static_cast<int>(window)]; }

Keys mel_keys(MelSpec& s) {
  return {
      {"preset", Preset{mel_preset_names(), [&s](const auto& name) { s = mel_preset(name); }},
       "Where the other keys start from. `mel: NAME` stands for `mel: {preset: NAME}`."},
      {"sample_rate_hz", &s.sample_rate_hz, "Sample rate of the sound.", between(1, kMostRate),
       "Hz"},
      {"n_fft", &s.n_fft, "Length of the Fourier transform: an even number.",
       between(2, kMostTransform), "samples"},
      {"hop_samples", &s.hop_samples, "From the start of a frame to that of the next.",
       between(1, s.n_fft).named("`n_fft`"), "samples"},
      {"win_samples", &s.win_samples, "Length of the Hann window, which is centred in `n_fft`.",
       between(1, s.n_fft).named("`n_fft`"), "samples"},
      {"window", choice(s.window, kWindows),
       "Whether the window's period is `win_samples` or one less."},
      {"padding", choice(s.padding, kPaddings),
       "What is added at both ends of the sound: `n_fft` / 2 samples, its reflection or zeros, so "
       "that frame t is centred at sample t times `hop_samples`; (`n_fft` - `hop_samples`) / 2 "
       "samples of reflection (HiFi-GAN); or nothing."},
      {"bands", &s.bands, "Number of mel bands.", between(1, kMostBands)},
      {"f_min_hz", &s.f_min_hz, "Lower edge of the lowest band.",
       between(0.0, kAnyFinite, "at least 0"), "Hz"},
      {"f_max_hz",
       &s.f_max_hz,
       "Upper edge of the highest band: above `f_min_hz`, at most half of the sample rate that the "
       "filters are made for.",
       {},
       "Hz"},
      {"scale", choice(s.scale, kScales), "The mel scale: Slaney's (librosa's default) or HTK's."},
      {"norm", choice(s.norm, kNorms),
       "Whether each filter's area is normalised (Slaney) or its peak is 1."},
      {"filter_rate_hz", &s.filter_rate_hz,
       "Sample rate that the filters are made for, where it is not the sound's own; 0: the "
       "sound's.",
       between(0, kMostRate), "Hz"},
      {"power", &s.power, "Power of the magnitude that the filters sum: 1 magnitude, 2 power.",
       between(1.0, 2.0, "1 or 2")},
      {"magnitude_epsilon", &s.magnitude_epsilon,
       "Added to the squared magnitude before its square root.",
       between(0.0, kAnyFinite, "at least 0")},
      {"log", choice(s.log, kLogs), "The logarithm that is stored."},
      {"floor", &s.floor, "Least value before the logarithm.",
       above(0.0, kAnyFinite, "more than 0").where(s.log != MelLog::kNone, "with a logarithm")},
      {"floor_rule", choice(s.floor_rule, kFloors),
       "Whether lower values are raised to the floor, or it is added to all."},
      {"mean", &s.mean, "Taken off the logarithm; 0 for a model, which normalises by itself.",
       between(-kAnyFinite, kAnyFinite, "a finite number")},
      {"deviation", &s.deviation, "What the difference is divided by then; 1 for a model.",
       above(0.0, kAnyFinite, "more than 0")},
  };
}

bool MelSpec::operator==(const MelSpec& other) const {
  return sample_rate_hz == other.sample_rate_hz && n_fft == other.n_fft &&
         hop_samples == other.hop_samples && win_samples == other.win_samples &&
         padding == other.padding && bands == other.bands && f_min_hz == other.f_min_hz &&
         f_max_hz == other.f_max_hz && scale == other.scale && norm == other.norm &&
         power == other.power && magnitude_epsilon == other.magnitude_epsilon && log == other.log &&
         floor == other.floor && floor_rule == other.floor_rule && window == other.window &&
         filter_rate_hz == other.filter_rate_hz && mean == other.mean &&
         deviation == other.deviation;
}

void validate(const MelSpec& spec, const std::string& where) {
  MelSpec copy = spec;
  for (const Key& key : mel_keys(copy))
    if (const auto value = outside(key))
      throw Error(where,
                  fmt::format("mel {} is {}, expected {}", key.name, *value, key.range.text()));
  if (spec.n_fft % 2 != 0)
    throw Error(where, fmt::format("mel n_fft is {}, expected an even number", spec.n_fft));
  if (!(spec.f_min_hz < spec.f_max_hz))
    throw Error(where, fmt::format("mel f_max_hz is {}, expected more than f_min_hz, {}",
                                   spec.f_max_hz, spec.f_min_hz));
  const bool own_filters = spec.filter_rate_hz > 0;
  const double highest = (own_filters ? spec.filter_rate_hz : spec.sample_rate_hz) / 2.0;
  if (!(spec.f_max_hz <= highest))
    throw Error(where,
                fmt::format("mel f_max_hz is {}, expected at most half of {}, {}", spec.f_max_hz,
                            own_filters ? "filter_rate_hz" : "sample_rate_hz", highest));
  if (spec.power != 1.0 && spec.power != 2.0)
    throw Error(where, fmt::format("mel power is {}, expected 1 or 2", spec.power));
}

std::string describe(const MelSpec& spec) {
  std::string text = fmt::format(
      "{} Hz, n_fft {}, hop {}, win {}, padding {}, {} bands, {} to {} Hz, scale {}, norm {}, "
      "power {}, epsilon {}, log {}, floor {}",
      spec.sample_rate_hz, spec.n_fft, spec.hop_samples, spec.win_samples, name_of(spec.padding),
      spec.bands, spec.f_min_hz, spec.f_max_hz, name_of(spec.scale), name_of(spec.norm), spec.power,
      spec.magnitude_epsilon, name_of(spec.log), spec.floor);
  // What few have is said where it is so.
  if (spec.floor_rule == MelFloor::kAdd) text += " added";
  if (spec.window == MelWindow::kSymmetric) text += ", window symmetric";
  if (spec.filter_rate_hz > 0) text += fmt::format(", filters of {} Hz", spec.filter_rate_hz);
  if (spec.mean != 0.0 || spec.deviation != 1.0)
    text += fmt::format(", less {} and divided by {}", spec.mean, spec.deviation);
  return text;
}

}  // namespace glowvox

// SPDX-License-Identifier: MIT
// Named mel specifications: validation, description and the presets.
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "glowvox/error.hpp"
#include "glowvox/mel.hpp"

namespace glowvox {

namespace {

using Preset = std::pair<std::string, MelSpec>;

std::vector<Preset> make_presets() {
  const MelSpec tacotron2;

  MelSpec hifigan;
  hifigan.padding = MelPadding::kHop;
  hifigan.magnitude_epsilon = 1e-9;

  // HiFi-GAN's way at other sizes.
  const auto like_hifigan = [&](int rate, int bands, int n_fft, int hop, double f_max) {
    MelSpec spec = hifigan;
    spec.sample_rate_hz = rate;
    spec.bands = bands;
    spec.n_fft = spec.win_samples = n_fft;
    spec.hop_samples = hop;
    spec.f_max_hz = f_max;
    return spec;
  };
  MelSpec openvpi = like_hifigan(44100, 128, 2048, 512, 16000.0);
  openvpi.f_min_hz = 40.0;

  MelSpec vocos;
  vocos.sample_rate_hz = 24000;
  vocos.bands = 100;
  vocos.f_max_hz = 12000.0;
  vocos.scale = MelScale::kHtk;
  vocos.norm = MelNorm::kNone;
  vocos.floor = 1e-7;

  // torchaudio's transform with its own default rate, 16 kHz, given sound of 24 kHz.
  MelSpec styletts2;
  styletts2.sample_rate_hz = 24000;
  styletts2.n_fft = 2048;
  styletts2.win_samples = 1200;
  styletts2.hop_samples = 300;
  styletts2.scale = MelScale::kHtk;
  styletts2.norm = MelNorm::kNone;
  styletts2.filter_rate_hz = 16000;
  styletts2.power = 2.0;
  styletts2.floor_rule = MelFloor::kAdd;
  styletts2.mean = -4.0;
  styletts2.deviation = 4.0;

  MelSpec nemo;
  nemo.sample_rate_hz = 44100;
  nemo.n_fft = nemo.win_samples = 2048;
  nemo.hop_samples = 512;
  nemo.window = MelWindow::kSymmetric;
  nemo.padding = MelPadding::kZero;
  nemo.f_max_hz = 22050.0;
  nemo.floor_rule = MelFloor::kAdd;

  MelSpec parallel_wavegan;
  parallel_wavegan.f_min_hz = 80.0;
  parallel_wavegan.f_max_hz = 7600.0;
  parallel_wavegan.log = MelLog::kLog10;
  parallel_wavegan.floor = 1e-10;

  MelSpec librosa;
  librosa.n_fft = 2048;
  librosa.win_samples = 2048;
  librosa.hop_samples = 512;
  librosa.padding = MelPadding::kZero;
  librosa.bands = 128;
  librosa.f_max_hz = 11025.0;
  librosa.power = 2.0;
  librosa.log = MelLog::kNone;

  const MelSpec bigvgan_24k = like_hifigan(24000, 100, 1024, 256, 12000.0);
  return {{"tacotron2", tacotron2},
          {"speechbrain", tacotron2},
          {"hifigan", hifigan},
          {"bigvgan_24k", bigvgan_24k},
          {"bigvgan_v2_22k", like_hifigan(22050, 80, 1024, 256, 11025.0)},
          {"bigvgan_v2_24k", bigvgan_24k},
          {"bigvgan_v2_44k", like_hifigan(44100, 128, 2048, 512, 22050.0)},
          {"bigvgan_v2_44k_256x", like_hifigan(44100, 128, 1024, 256, 22050.0)},
          {"vocos_24k", vocos},
          {"cosyvoice", like_hifigan(24000, 80, 1920, 480, 8000.0)},
          {"cosyvoice_12k", like_hifigan(24000, 80, 1920, 480, 12000.0)},
          {"styletts2", styletts2},
          {"nemo_44k", nemo},
          {"openvpi_44k", openvpi},
          {"parallel_wavegan", parallel_wavegan},
          {"librosa_default", librosa}};
}

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = make_presets();
  return all;
}

}  // namespace

const char* name_of(MelScale scale) { return scale == MelScale::kSlaney ? "slaney" : "htk"; }

const char* name_of(MelNorm norm) { return norm == MelNorm::kSlaney ? "slaney" : "none"; }

const char* name_of(MelLog log) {
  switch (log) {
    case MelLog::kLn:
      return "ln";
    case MelLog::kLog10:
      return "log10";
    case MelLog::kNone:
      break;
  }
  return "none";
}

const char* name_of(MelPadding padding) {
  switch (padding) {
    case MelPadding::kReflect:
      return "reflect";
    case MelPadding::kZero:
      return "zero";
    case MelPadding::kHop:
      return "hop";
    case MelPadding::kNone:
      break;
  }
  return "none";
}

const char* name_of(MelFloor rule) { return rule == MelFloor::kClamp ? "clamp" : "add"; }

const char* name_of(MelWindow window) {
  return window == MelWindow::kPeriodic ? "periodic" : "symmetric";
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
  // The upper bounds keep a mistyped number from asking for gigabytes.
  const auto whole = [&](const char* field, int value, int least, int most) {
    if (value < least || value > most)
      throw Error(where, fmt::format("mel {} is {}, expected {} to {}", field, value, least, most));
  };
  whole("sample_rate_hz", spec.sample_rate_hz, 1, 1000000);
  whole("n_fft", spec.n_fft, 2, 1 << 20);
  if (spec.n_fft % 2 != 0)
    throw Error(where, fmt::format("mel n_fft is {}, expected an even number", spec.n_fft));
  whole("hop_samples", spec.hop_samples, 1, spec.n_fft);
  whole("win_samples", spec.win_samples, 1, spec.n_fft);
  whole("bands", spec.bands, 1, 4096);
  if (!(spec.f_min_hz >= 0.0))
    throw Error(where, fmt::format("mel f_min_hz is {}, expected at least 0", spec.f_min_hz));
  if (!(spec.f_min_hz < spec.f_max_hz))
    throw Error(where, fmt::format("mel f_max_hz is {}, expected more than f_min_hz, {}",
                                   spec.f_max_hz, spec.f_min_hz));
  whole("filter_rate_hz", spec.filter_rate_hz, 0, 1000000);
  const int filter_rate = spec.filter_rate_hz > 0 ? spec.filter_rate_hz : spec.sample_rate_hz;
  if (!(spec.f_max_hz <= filter_rate / 2.0))
    throw Error(where,
                fmt::format("mel f_max_hz is {}, expected at most half of {}, {}", spec.f_max_hz,
                            spec.filter_rate_hz > 0 ? "filter_rate_hz" : "sample_rate_hz",
                            filter_rate / 2.0));
  if (spec.power != 1.0 && spec.power != 2.0)
    throw Error(where, fmt::format("mel power is {}, expected 1 or 2", spec.power));
  if (!(spec.magnitude_epsilon >= 0.0) || !std::isfinite(spec.magnitude_epsilon))
    throw Error(where, fmt::format("mel magnitude_epsilon is {}, expected at least 0",
                                   spec.magnitude_epsilon));
  if (spec.log != MelLog::kNone && (!(spec.floor > 0.0) || !std::isfinite(spec.floor)))
    throw Error(where, fmt::format("mel floor is {}, expected more than 0", spec.floor));
  if (!std::isfinite(spec.mean))
    throw Error(where, fmt::format("mel mean is {}, expected a finite number", spec.mean));
  if (!(spec.deviation > 0.0) || !std::isfinite(spec.deviation))
    throw Error(where, fmt::format("mel deviation is {}, expected more than 0", spec.deviation));
}

MelSpec mel_preset(const std::string& name) {
  std::string names;
  for (const Preset& preset : presets()) {
    if (preset.first == name) return preset.second;
    names += (names.empty() ? "" : ", ") + preset.first;
  }
  throw Error("mel preset", "there is no '" + name + "'", "choose one of " + names);
}

std::vector<std::string> mel_preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.first);
  return names;
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

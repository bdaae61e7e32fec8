// SPDX-License-Identifier: MIT
// The mel specifications that have names.
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

}  // namespace glowvox

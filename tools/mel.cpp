// SPDX-License-Identifier: MIT
// glowvox mel: sound to log-mel spectrogram.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "arrays/mel_file.hpp"
#include "audio/endpoints.hpp"
#include "command.hpp"
#include "config/model_config.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "dsp/mel_smoothing.hpp"
#include "options.hpp"
#include "safetensors/model_metadata.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::tools {

namespace {

constexpr std::uint64_t kSeed = 1;  // of a smoothed mel's noise

struct Options {
  std::string in, out, preset = "tacotron2", spec, model;
  bool as_if_predicted = false, json = false;
};

MelSpec chosen(const Options& o) {
  if (!o.model.empty())
    return safetensors::model_config(safetensors::MappedSafetensors(o.model).metadata(), o.model)
        .mel;
  if (!o.spec.empty()) return config::parse_mel_spec(o.spec, "--spec");
  return mel_preset(o.preset);
}

int run(const Options& o) {
  check_output(o.out, o.json, "mel");
  const MelSpec spec = chosen(o);
  const std::vector<float> audio = audio::read_sound(o.in, spec.sample_rate_hz);
  Mel mel = audio::mel_of_sound(o.in, audio, spec);
  if (o.as_if_predicted) mel = dsp::as_if_predicted(std::move(mel), spec, kSeed);
  arrays::write_mel(o.out, mel);
  const double seconds = static_cast<double>(audio.size()) / spec.sample_rate_hz;
  print_result(o.json,
               {{"mel", o.out},
                {"bands", mel.bands},
                {"frames", mel.frames},
                {"seconds", seconds},
                {"specification", describe(spec)}},
               fmt::format("{}: {} bands, {} frames, {:.2f} s", output_name(o.out), mel.bands,
                           mel.frames, seconds),
               o.out);
  return 0;
}

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<Options>();
  std::string presets;
  for (const std::string& name : mel_preset_names())
    presets += (presets.empty() ? "" : ", ") + name;
  app.add_option("IN", o->in, "Sound file, any rate and channel count; - is standard input")
      ->required();
  app.add_option("-o,--out", o->out,
                 "npy file, float32 [bands, frames], or raw frames (.f32), as stream takes them; - "
                 "is standard output")
      ->required();
  auto* preset = app.add_option("--preset", o->preset, presets)->capture_default_str();
  app.add_option("--spec", o->spec,
                 "Any specification, as in a configuration: '{preset: hifigan, bands: 40}'")
      ->excludes(preset);
  app.add_option("--model", o->model, "The specification of this model file")->excludes(preset);
  app.add_flag(
      "--as-if-predicted", o->as_if_predicted,
      "Smooth it, as an acoustic model's prediction is smooth: by Gaussians of a frame and half "
      "a band, with noise of 0.1 neper");
  add_json(app, o->json);
  return [o] { return run(*o); };
}

const Registration registration({"mel", Group::kMels, "Compute a log-mel spectrogram from sound",
                                 "  glowvox mel speech.wav -o speech.npy\n"
                                 "  glowvox mel speech.wav -o speech.npy --preset hifigan\n"
                                 "  glowvox mel speech.wav -o speech.f32\n"
                                 "  ffmpeg -i speech.m4a -f wav - | glowvox mel - -o speech.npy",
                                 setup});

}  // namespace

}  // namespace glowvox::tools

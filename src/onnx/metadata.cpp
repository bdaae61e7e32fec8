// SPDX-License-Identifier: MIT
#include "onnx/metadata.hpp"

#include <fmt/format.h>

#include "config/receptive_field.hpp"

namespace glowvox::onnx {

namespace {

const char* name_of(Form form) {
  switch (form) {
    case Form::kStreaming:
      return "streaming";
    case Form::kMelOnly:
      return "mel-only";
    case Form::kOffline:
      break;
  }
  return "offline";
}

std::string number(double value) { return fmt::format("{}", value); }

}  // namespace

std::map<std::string, std::string> metadata_of(const config::ModelConfig& config,
                                               const Options& options, std::int64_t state_size) {
  const MelSpec& mel = config.mel;
  std::map<std::string, std::string> metadata = {
      {"model_name", config.name},
      {"graph", name_of(options.form)},
      {"sample_rate", number(mel.sample_rate_hz)},
      {"hop_length", number(mel.hop_samples)},
      {"n_fft", number(mel.n_fft)},
      {"win_length", number(mel.win_samples)},
      {"num_mels", number(mel.bands)},
      {"f_min", number(mel.f_min_hz)},
      {"f_max", number(mel.f_max_hz)},
      {"mel", describe(mel)},
      {"channels", number(config.lift.channels)},
      {"rows_per_frame", number(mel.hop_samples / config.lift.channels)},
      {"alignment_shift_samples", number(config::alignment_shift_samples(config))},
      {"look_ahead_samples", number(static_cast<double>(config::reach_of(config).future_samples))},
      {"corrections",
       fmt::format("not included; the model asks for {}", config.synthesis.corrections)},
      {"denoise",
       fmt::format("not included; the model asks for a strength of {}", config.synthesis.denoise)},
      {"temperature", number(options.sigma)},
  };
  if (options.form == Form::kStreaming) {
    const bool lapped = config.lift.kind == config::LiftKind::kMdct;
    metadata["state_size"] = number(static_cast<double>(state_size));
    metadata["overlap_samples"] = number(lapped ? config.lift.channels / 2 : 0);
  }
  if (options.form == Form::kMelOnly) {
    // sherpa-onnx's name for whatever takes a mel and gives samples.
    metadata["model_type"] = "hifigan";
    metadata["version"] = "1";
    metadata["model_author"] = "glowvox";
  }
  return metadata;
}

}  // namespace glowvox::onnx

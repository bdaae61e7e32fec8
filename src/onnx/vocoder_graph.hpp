// SPDX-License-Identifier: MIT
// A model's synthesis as an ONNX graph of standard operators.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/model_config.hpp"
#include "engine/weights.hpp"
#include "onnx/builder.hpp"

namespace glowvox::onnx {

// kOffline: mel [batch, bands, frames], noise [batch, channels, rows] (rows_per_frame rows for
// every frame) and temperature [1] to audio [batch, samples], a hop for every frame: what
// Vocoder::decode makes of latents = noise * temperature.
//
// kStreaming: the same of the next frames, one or more, and the state [batch, size] that the call
// before gave, zeros at first. With a lapped transform, audio comes half a row late: half a row
// of zeros at first, and at the end the state's last half a row of values are the missing samples.
//
// kMelOnly: mel to audio, noise drawn inside, under the names that sherpa-onnx looks for.
enum class Form { kOffline, kStreaming, kMelOnly };

struct Options {
  Form form = Form::kOffline;
  Stored stored = Stored::kFloat;
  // Of kMelOnly. Without a seed every session of a runtime draws its own noise.
  double sigma = 0.7;
  std::optional<std::uint64_t> seed;
};

// Whether there is a streaming graph of such a model: one that does not look ahead.
bool can_stream(const config::ModelConfig& config);

// The flow alone: neither the correction nor the denoiser. Throws Error naming a tensor that
// is missing, extra or has another shape than the configuration says, and with weights.where() for
// a streaming graph of a model that looks ahead.
Graph vocoder_graph(const config::ModelConfig& config, const engine::Weights& weights,
                    const Options& options);

}  // namespace glowvox::onnx

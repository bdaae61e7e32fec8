// SPDX-License-Identifier: MIT
// The JSON configurations that WaveGlow and SqueezeWave are trained with.
#pragma once

#include <string>

#include "config/model_config.hpp"

namespace glowvox::exchange {

// What such a file says; 0 where it says nothing.
struct TrainingConfig {
  int sample_rate_hz = 0, n_fft = 0, hop_samples = 0, win_samples = 0;
  double f_min_hz = -1.0, f_max_hz = 0.0;  // -1: not said; a highest frequency of 0: not said
  int bands = 0, steps = 0, group = 0, early_every = 0, early_channels = 0;
  int layers = 0, channels = 0, kernel = 0;
};

// Whether text is one of them (a JSON object with a key of theirs) rather than YAML of ours.
bool is_training_config(const std::string& text);

// Throws Error naming the key for a value of the wrong type.
TrainingConfig parse_training_config(const std::string& text, const std::string& where);

// The mel specification of theirs: what it does not say is as in `spec`.
MelSpec mel_spec(const TrainingConfig& theirs, MelSpec spec);

// Throws Error naming the key where the file and the tensors disagree.
void check_agreement(const TrainingConfig& theirs, const config::ModelConfig& config,
                     const std::string& where);

}  // namespace glowvox::exchange

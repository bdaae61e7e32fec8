// SPDX-License-Identifier: MIT
// Tensors to and from the files that users have.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "model/flow_vocoder.hpp"
#include "train/validation.hpp"

namespace glowvox::tools {

// Recording of a sound file for a model; says on standard error what was converted.
train::Recording read_recording(const std::string& path, const config::ModelConfig& config);

// Audio from npy, [samples] or [batch, samples] -> [B, N].
torch::Tensor read_audio_npy(const std::string& path);

// A mel from npy, [bands, frames] or [frames, bands], with or without a leading batch axis
// -> [B, F, bands].
torch::Tensor read_mel_npy(const std::string& path, int bands);

void write_mel_npy(const std::string& path, const torch::Tensor& mel);  // [B, F, bands] in

// Latents as npy, [batch, channels, frames].
void write_latent_npy(const std::string& path, const torch::Tensor& z);  // [T, B, C] in

// Writes audio [B, N] as npy, or [1, N] as a sound file; returns the number of clipped samples.
std::int64_t write_signal(const std::string& path, const torch::Tensor& audio, int sample_rate_hz);

std::vector<float> to_vector(const torch::Tensor& tensor);

}  // namespace glowvox::tools

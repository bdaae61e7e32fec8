// SPDX-License-Identifier: MIT
#include "signals.hpp"

#include <fmt/format.h>

#include <cmath>

#include "arrays/npy.hpp"
#include "glowvox/error.hpp"
#include "sound.hpp"

namespace glowvox::tools {

using torch::Tensor;

namespace {

Tensor read_tensor(const std::string& path) {
  const arrays::Array array = arrays::read_array(path);
  const Tensor t = torch::tensor(array.values).view(array.shape);
  if (t.numel() == 0) throw Error(path, "holds no values");
  if (!torch::isfinite(t).all().item<bool>()) throw Error(path, "holds values that are not finite");
  return t;
}

std::string shape_of(const Tensor& t) {
  std::string text;
  for (const auto size : t.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

}  // namespace

std::vector<float> to_vector(const Tensor& tensor) {
  const Tensor t = tensor.to(torch::kFloat).contiguous();
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

train::Recording read_recording(const std::string& path, const config::ModelConfig& config) {
  return train::as_recording(read_sound(path, config.mel.sample_rate_hz), config, path);
}

Tensor read_audio_npy(const std::string& path) {
  const Tensor t = read_tensor(path);
  if (t.dim() > 2)
    throw Error(path, "expected audio of shape [samples] or [batch, samples], got " + shape_of(t));
  return t.dim() == 2 ? t : t.view({1, -1});
}

Tensor read_mel_npy(const std::string& path, int bands) {
  Tensor t = read_tensor(path);
  if (t.dim() == 2) t = t.unsqueeze(0);
  if (t.dim() == 3 && t.size(1) == bands) return t.transpose(1, 2).contiguous();
  if (t.dim() == 3 && t.size(2) == bands) return t;
  throw Error(path, fmt::format("expected a mel of {} bands, got shape {}", bands, shape_of(t)));
}

void write_mel_npy(const std::string& path, const Tensor& mel) {
  const Tensor t = mel.transpose(1, 2).contiguous();  // [B, bands, F]
  const Tensor stored = t.size(0) == 1 ? t[0] : t;
  arrays::write_npy(path, {stored.sizes().vec(), to_vector(stored)});
}

void write_latent_npy(const std::string& path, const Tensor& z) {
  const Tensor t = z.permute({1, 2, 0}).contiguous();  // [B, C, T]
  arrays::write_npy(path, {t.sizes().vec(), to_vector(t)});
}

std::int64_t write_signal(const std::string& path, const Tensor& audio, int sample_rate_hz) {
  std::vector<std::vector<float>> clips;
  for (const Tensor& clip : audio.unbind(0)) clips.push_back(to_vector(clip));
  return write_signal(path, clips, sample_rate_hz);
}

}  // namespace glowvox::tools

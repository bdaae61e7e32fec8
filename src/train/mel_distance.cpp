// SPDX-License-Identifier: MIT
#include "train/mel_distance.hpp"

#include "dsp/stft.hpp"
#include "train/spectral_distance.hpp"

namespace glowvox::train {

MelDistance::MelDistance(const MelSpec& spec)
    : spec_(spec),
      window_(torch::tensor(dsp::centred_hann(spec.n_fft, spec.win_samples, spec.window),
                            torch::kFloat)),
      bands_(torch::tensor(mel_filterbank(spec)).view({spec.bands, -1}).t().contiguous()) {}

torch::Tensor MelDistance::logarithm(const torch::Tensor& audio) const {
  const auto placed = [&](const torch::Tensor& t) { return t.to(audio.options()); };
  const torch::Tensor frames = audio.unfold(1, spec_.n_fft, spec_.hop_samples) * placed(window_);
  const torch::Tensor power =
      at::view_as_real(at::fft_rfft(frames)).square().sum(-1) + spec_.magnitude_epsilon;
  const torch::Tensor stored =
      spec_.power == 1.0 ? (power + kSmallestPower).sqrt() : power.pow(spec_.power / 2.0);
  const torch::Tensor mel = torch::matmul(stored, placed(bands_));
  return torch::log(spec_.floor_rule == MelFloor::kAdd ? mel + spec_.floor
                                                       : mel.clamp_min(spec_.floor));
}

torch::Tensor MelDistance::operator()(const torch::Tensor& x, const torch::Tensor& y) const {
  torch::Tensor reference;
  {
    const torch::NoGradGuard no_grad;
    reference = logarithm(x);
  }
  return (logarithm(y) - reference).abs().flatten(1).mean(1);
}

}  // namespace glowvox::train

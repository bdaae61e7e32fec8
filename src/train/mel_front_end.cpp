#include "train/mel_front_end.hpp"

#include "dsp/mel_analysis.hpp"

namespace glowvox::train {

MelFrontEnd::MelFrontEnd(const MelSpec& spec, const torch::Device& device) : spec_(spec) {
  const auto analysis = dsp::mel_analysis(spec);
  window_ = torch::tensor(analysis->window, torch::kDouble).to(device, torch::kFloat);
  bank_ = torch::tensor(mel_filterbank(spec)).view({spec.bands, -1}).t().contiguous().to(device);
}

torch::Tensor MelFrontEnd::operator()(const torch::Tensor& audio) const {
  const torch::Tensor frames = audio.unfold(1, spec_.n_fft, spec_.hop_samples) * window_;
  const torch::Tensor power =
      at::view_as_real(at::fft_rfft(frames)).square().sum(-1) + spec_.magnitude_epsilon;
  const torch::Tensor bands = at::matmul(spec_.power == 1.0 ? power.sqrt() : power, bank_);
  if (spec_.log == MelLog::kNone) return bands;
  const torch::Tensor floored = bands.clamp_min(spec_.floor);
  return spec_.log == MelLog::kLn ? floored.log() : floored.log10();
}

}  // namespace glowvox::train

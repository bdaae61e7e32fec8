// SPDX-License-Identifier: MIT
#include "train/spectral_distance.hpp"

#include <ATen/Parallel.h>

#include <cmath>

#include "train/energy_kernel.hpp"

namespace glowvox::train {

namespace {

// The objective has the gradient that the kernel finds on its way.
struct EnergyFunction : torch::autograd::Function<EnergyFunction> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx,
                                                const Tensor& y, const Tensor& x,
                                                const Tensor& other,
                                                const config::SampleLossConfig& config,
                                                int sample_rate_hz) {
    const Tensor recording = x.contiguous(), one = y.contiguous(), two = other.contiguous();
    const std::int64_t B = one.size(0), N = one.size(1);
    const Tensor gradient = y.requires_grad() ? torch::empty_like(one) : Tensor();
    const Tensor distances = torch::empty({2, B});
    float* const fit = distances.data_ptr<float>();
    const auto row = [N](const Tensor& t, std::int64_t b) { return t.data_ptr<float>() + b * N; };
    at::parallel_for(0, B, 1, [&](std::int64_t begin, std::int64_t end) {
      EnergyKernel kernel(config, sample_rate_hz);
      for (std::int64_t b = begin; b < end; ++b) {
        const auto r = kernel(row(recording, b), row(one, b), row(two, b), N,
                              gradient.defined() ? row(gradient, b) : nullptr);
        fit[b] = static_cast<float>(r.fit);
        fit[B + b] = static_cast<float>(r.spread);
      }
    });
    ctx->save_for_backward({gradient});
    const Tensor objective = 2.0 * (distances[0] - distances[1]);
    ctx->mark_non_differentiable({distances});
    return {objective, distances};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const Tensor gradient = ctx->get_saved_variables()[0];
    return {gradient * grads[0].unsqueeze(1), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

std::vector<float> bin_weights(int size, int sample_rate_hz, double auditory) {
  std::vector<double> weights;
  double sum = 0.0;
  for (int k = 0; k <= size / 2; ++k) {
    const double khz = 1e-3 * k * sample_rate_hz / size;
    const double bandwidth_hz = 24.7 * (4.37 * khz + 1.0);
    weights.push_back(std::pow(bandwidth_hz, -auditory));
    sum += weights.back();
  }
  const double mean = sum / static_cast<double>(weights.size());
  std::vector<float> out;
  for (const double w : weights) out.push_back(static_cast<float>(w / mean));
  return out;
}

SpectralDistance::SpectralDistance(const config::SampleLossConfig& config, int sample_rate_hz)
    : sizes_(config.fft_sizes), log_floor_(config.log_floor) {
  for (const int size : sizes_)
    weights_.push_back(torch::tensor(bin_weights(size, sample_rate_hz, config.auditory)));
}

SpectralDistance::Spectra SpectralDistance::spectra(const Tensor& audio) const {
  Spectra all;
  for (const int size : sizes_) {
    const Tensor window = torch::hann_window(size, audio.options().requires_grad(false));
    const Tensor frames = audio.unfold(1, size, size / 4) * window;
    const Tensor parts = at::view_as_real(at::fft_rfft(frames));
    all.magnitude.push_back((parts.square().sum(-1) + kSmallestPower).sqrt());
    all.log_magnitude.push_back(torch::log(all.magnitude.back() + log_floor_));
  }
  return all;
}

Tensor SpectralDistance::operator()(const Spectra& a, const Spectra& b,
                                    const Spectra& recording) const {
  Tensor sum;
  for (std::size_t i = 0; i < sizes_.size(); ++i) {
    const Tensor w = weights_[i].to(a.magnitude[i].options());
    const Tensor squares = ((a.log_magnitude[i] - b.log_magnitude[i]).square() * w).mean(2);
    const Tensor logarithmic = (squares + kSmallestSquare).sqrt().mean(1);
    const auto mean = [&w](const Tensor& t) { return (t * w).flatten(1).mean(1); };
    const Tensor scale = mean(recording.magnitude[i]).clamp_min(kSmallestMeanMagnitude);
    const Tensor linear = mean((a.magnitude[i] - b.magnitude[i]).abs()) / scale;
    const Tensor both = logarithmic + linear;
    sum = sum.defined() ? sum + both : both;
  }
  return sum / static_cast<double>(sizes_.size());
}

EnergyDistance energy_distance(const config::SampleLossConfig& config, int sample_rate_hz,
                               const Tensor& x, const Tensor& y, const Tensor& other) {
  if (!y.device().is_cpu() || y.scalar_type() != torch::kFloat)
    return energy_distance_anywhere(config, sample_rate_hz, x, y, other);
  const auto out = EnergyFunction::apply(y, x, other, config, sample_rate_hz);
  return {out[1][0], out[1][1], out[0]};
}

EnergyDistance energy_distance_anywhere(const config::SampleLossConfig& config, int sample_rate_hz,
                                        const Tensor& x, const Tensor& y, const Tensor& other) {
  const SpectralDistance distance(config, sample_rate_hz);
  const auto recording = distance.spectra(x), one = distance.spectra(y),
             two = distance.spectra(other);
  const Tensor fit = distance(one, recording, recording), spread = distance(one, two, recording);
  return {fit.detach(), spread.detach(), 2.0 * (fit - spread)};
}

}  // namespace glowvox::train

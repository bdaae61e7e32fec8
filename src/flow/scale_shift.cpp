// SPDX-License-Identifier: MIT
#include "flow/scale_shift.hpp"

#include <algorithm>

#include "dsp/mel_analysis.hpp"
#include "flow/narrowing.hpp"

namespace glowvox::flow {

namespace {

constexpr double kRandomScale = 0.1;
constexpr double kSmallestPower = 1e-12;

// [channels, bands]: linear interpolation between band centres, constant beyond the outermost.
Tensor interpolation(int64_t channels, const MelSpec& mel) {
  const std::vector<double> centers = dsp::band_centers_hz(mel);
  Tensor M = torch::zeros({channels, mel.bands});
  auto m = M.accessor<float, 2>();
  for (int64_t c = 0; c < channels; ++c) {
    const double hz = (c + 0.5) / channels * mel.sample_rate_hz / 2.0;
    const int64_t above = std::lower_bound(centers.begin(), centers.end(), hz) - centers.begin();
    if (above == 0 || above == mel.bands) {
      m[c][above == 0 ? 0 : mel.bands - 1] = 1.0f;
      continue;
    }
    const double width = centers[above] - centers[above - 1];
    const double f = width > 0 ? (hz - centers[above - 1]) / width : 0.0;
    m[c][above - 1] = static_cast<float>(1.0 - f);
    m[c][above] = static_cast<float>(f);
  }
  return M;
}

}  // namespace

ScaleShift::ScaleShift(const std::string& name, int64_t channels, int64_t features,
                       const MelSpec& mel, bool spectral)
    : Layer(name) {
  const Tensor M =
      spectral ? interpolation(channels, mel) : torch::full({channels, mel.bands}, 1.0 / mel.bands);
  mel_weight_ = register_buffer("mel_weight", M);
  bias_ = register_parameter("bias", torch::zeros({channels}));
  ConvOptions options;
  options.in = features;
  options.out = 2 * channels;
  options.zero = true;
  net_ = register_module("net", std::make_shared<Conv>(options));
}

ScaleShift::Pair ScaleShift::scale_and_shift(const Condition& condition) {
  const auto parts = net_->forward(condition.features).chunk(2, -1);
  return {at::linear(condition.mel, mel_weight_, bias_) + parts[1], parts[0]};
}

Output ScaleShift::forward(const Tensor& x, const Condition& condition) {
  const auto [log_s, t] = scale_and_shift(condition);
  Output out{x * torch::exp(-log_s) - t, -log_s.sum(2)};
  if (wants_channels()) out.channel_log_det = -log_s;
  return out;
}

Tensor ScaleShift::inverse(const Tensor& z, const Condition& condition) {
  const auto [log_s, t] = scale_and_shift(condition);
  return (z + t) * torch::exp(log_s);
}

// The variance of a channel that is N(0, exp(2 (m + bias))): bias = log sqrt(mean(x^2 exp(-2 m))).
void ScaleShift::initialize(const Tensor& x, const Condition& condition) {
  const torch::NoGradGuard no_grad;
  const auto [log_s, t] = scale_and_shift(condition);
  const Tensor power = (x * torch::exp(-log_s) - t).square().mean(torch::IntArrayRef({0, 1}));
  bias_.add_(0.5 * power.clamp_min(kSmallestPower).log());
}

void ScaleShift::narrow(Layer& wide, const Tensor& /*x*/, const Condition& wide_condition,
                        const Condition& condition) {
  const torch::NoGradGuard no_grad;
  const auto& theirs = dynamic_cast<ScaleShift&>(wide);
  if (condition.features.size(2) == wide_condition.features.size(2))
    return copy_weights(*this, wide);
  bias_.copy_(theirs.bias_);
  mel_weight_.copy_(theirs.mel_weight_);
  const auto net = least_squares(settled(condition.features),
                                 settled(theirs.net_->forward(wide_condition.features)));
  net_->set(net.weight, net.bias);
}

void ScaleShift::randomize() { net_->randomize(kRandomScale); }

double ScaleShift::macs_per_frame() const {
  return net_->macs_per_frame() + static_cast<double>(mel_weight_.numel());
}

}  // namespace glowvox::flow

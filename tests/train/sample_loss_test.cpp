// SPDX-License-Identifier: MIT
#include "train/sample_loss.hpp"

#include <cmath>
#include <numeric>

#include "flow/law.hpp"
#include "train/training.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

constexpr int kRateHz = 22050;

config::SampleLossConfig small_sizes() {
  config::SampleLossConfig config;
  config.weight = 1.0;
  config.fft_sizes = {256, 64, 12};
  return config;
}

// Coloured noise, as different from clip to clip as speech is.
Tensor noise_clips(int64_t batch, int64_t samples, double level) {
  const Tensor white = torch::randn({batch, samples + 1});
  return level * (white.narrow(1, 1, samples) + 0.7 * white.narrow(1, 0, samples));
}

double average(const Tensor& t) { return t.mean().item<double>(); }

}  // namespace

TEST_CASE("the kernel's energy distance and gradient are those of ATen's operators") {
  torch::manual_seed(1);
  config::SampleLossConfig config = small_sizes();
  SUBCASE("all bins alike") {}
  SUBCASE("by the ear's bandwidths") { config.auditory = 1.0; }
  const Tensor x = noise_clips(3, 1000, 0.1), other = noise_clips(3, 1000, 0.08);
  Tensor y = noise_clips(3, 1000, 0.05);
  y[2].mul_(1e-4);  // nearly silent
  const Tensor weights = torch::tensor({1.0f, -0.5f, 2.0f});
  const auto ours = [&] {
    const Tensor input = y.clone().requires_grad_(true);
    const auto d = train::energy_distance(config, kRateHz, x, input, other);
    return std::make_pair(d, torch::autograd::grad({(d.objective * weights).sum()}, {input})[0]);
  }();
  const Tensor input = y.to(torch::kDouble).requires_grad_(true);
  const auto expected = train::energy_distance_anywhere(config, kRateHz, x.to(torch::kDouble),
                                                        input, other.to(torch::kDouble));
  const Tensor gradient =
      torch::autograd::grad({(expected.objective * weights.to(torch::kDouble)).sum()}, {input})[0];
  const auto near = [](const Tensor& a, const Tensor& b) {
    return torch::allclose(a.to(torch::kDouble), b, 1e-4, 1e-6);
  };
  CHECK(near(ours.first.fit, expected.fit));
  CHECK(near(ours.first.spread, expected.spread));
  CHECK(near(ours.first.objective, expected.objective.detach()));
  CHECK((ours.second.to(torch::kDouble) - gradient).abs().max().item<double>() <
        1e-4 * gradient.abs().max().item<double>());
}

TEST_CASE("bins count inversely to the ear's bandwidth at their frequency, as far as asked") {
  const auto weights = [](double auditory) { return train::bin_weights(2048, kRateHz, auditory); };
  for (const float w : weights(0.0)) CHECK(w == 1.0F);
  for (const double auditory : {0.5, 1.0}) {
    const std::vector<float> w = weights(auditory);
    REQUIRE(w.size() == 1025);
    CHECK(std::accumulate(w.begin(), w.end(), 0.0) == doctest::Approx(1025.0));
    // 24.7 Hz at 0 Hz and 24.7 (4.37 * 11.025 + 1) = 1214.7 Hz at half the rate.
    CHECK(w.front() / w.back() == doctest::Approx(std::pow(1214.7 / 24.7, auditory)).epsilon(1e-3));
  }
}

TEST_CASE("a distance depends on no other clip of the batch") {
  torch::manual_seed(2);
  const config::SampleLossConfig config = small_sizes();
  const Tensor x = noise_clips(3, 600, 0.1), y = noise_clips(3, 600, 0.1),
               other = noise_clips(3, 600, 0.1);
  const Tensor together = train::energy_distance(config, kRateHz, x, y, other).fit;
  for (int64_t b = 0; b < 3; ++b) {
    const auto alone = [b](const Tensor& t) { return t.narrow(0, b, 1); };
    CHECK(torch::equal(
        train::energy_distance(config, kRateHz, alone(x), alone(y), alone(other)).fit[0],
        together[b]));
  }
}

TEST_CASE("the energy distance of a distribution to itself is zero, and to another is not") {
  torch::manual_seed(3);
  const config::SampleLossConfig config = small_sizes();
  const int64_t B = 400, N = 512;
  const Tensor x = noise_clips(B, N, 0.1), x2 = noise_clips(B, N, 0.1);
  const double within =
      average(train::energy_distance(config, kRateHz, x, x2, x2).fit);  // E d(x, x')
  const auto distance = [&](double level) {
    const auto d = train::energy_distance(config, kRateHz, x, noise_clips(B, N, level),
                                          noise_clips(B, N, level));
    const Tensor each = 2.0 * d.fit - d.spread - within;
    const double error = each.std().item<double>() / std::sqrt(static_cast<double>(B));
    return std::make_pair(average(each), error);
  };
  const auto [same, same_error] = distance(0.1);
  CHECK(std::abs(same) < 4.0 * same_error);
  for (const double level : {0.07, 0.14}) {
    const auto [different, error] = distance(level);
    CHECK(different > 6.0 * error);
  }
}

TEST_CASE("the gradient through the inverse flow is that of finite differences") {
  config::ModelConfig config = test::tiny();
  config.actnorm = true;
  SUBCASE("lu") { config.mixing = config::MixingKind::kLu; }
  SUBCASE("conv1x1") { config.mixing = config::MixingKind::kConv1x1; }
  SUBCASE("squeezed samples, separable nets, an early output") {
    config.mixing = config::MixingKind::kConv1x1;
    config.lift = {config::LiftKind::kSqueeze, 16};
    config.net.kind = config::NetKind::kSeparable;
    config.early = {1, 4};
  }
  torch::manual_seed(4);
  model::FlowVocoder model(config);
  model.to(torch::kDouble);
  test::shake(model, 0.05);
  const int64_t frames = 4, C = config.lift.channels, T = frames * config.mel.hop_samples / C;
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  const Tensor mel = torch::randn({2, frames, config.mel.bands}, options);
  const Tensor z = torch::randn({T, 2, C}, options);
  const int64_t samples = frames * config.mel.hop_samples;
  const Tensor direction = torch::randn({2, samples}, options);
  const auto sound = [&] { return model.lift().inverse(model.decode_rows(z, mel)); };
  const auto value = [&] { return (sound() * direction).sum(); };
  value().backward();
  CHECK(torch::allclose(model.decode(z, mel), sound()));
  const double h = 1e-6;
  int checked = 0;
  for (auto& p : model.named_parameters()) {
    CAPTURE(p.key());
    REQUIRE(p.value().grad().defined());
    const Tensor step = torch::randn_like(p.value());
    const double expected = (p.value().grad() * step).sum().item<double>();
    const torch::NoGradGuard no_grad;
    p.value().add_(step, h);
    const double above = value().item<double>();
    p.value().add_(step, -2.0 * h);
    const double below = value().item<double>();
    p.value().add_(step, h);
    CHECK((above - below) / (2.0 * h) == doctest::Approx(expected).epsilon(1e-5).scale(1.0));
    checked += expected != 0.0;
  }
  CHECK(checked > 10);
}

TEST_CASE(
    "the mel's distance is that of the analysis, has its gradient, and is zero for the same") {
  torch::manual_seed(5);
  for (const char* preset : {"tacotron2", "librosa_default", "parallel_wavegan"}) {
    CAPTURE(preset);
    const MelSpec spec = mel_preset(preset);
    const train::MelDistance distance(spec);
    const int64_t N = distance.fewest_samples() + 6 * spec.hop_samples + 5;
    const auto options = torch::TensorOptions().dtype(torch::kDouble);
    const Tensor x = 0.1 * torch::randn({2, N}, options), y = 0.03 * torch::randn({2, N}, options);
    CHECK(torch::equal(distance(x, x), torch::zeros({2}, options)));
    // By the analysis of whole signals: its frames inside the sound are ours.
    MelSpec inside = spec;
    inside.padding = MelPadding::kNone;
    inside.mean = 0.0;
    inside.deviation = 1.0;
    const Tensor ours = distance(x, y);
    for (int64_t b = 0; b < 2; ++b) {
      const auto mel = [&](const Tensor& t) {
        const Tensor row = t[b].to(torch::kFloat).contiguous();
        return log_mel(row.data_ptr<float>(), N, inside);
      };
      const Mel of_x = mel(x), of_y = mel(y);
      double sum = 0.0;
      const auto natural = [&](double value) {
        if (spec.log == MelLog::kNone) return std::log(std::max(value, spec.floor));
        return spec.log == MelLog::kLog10 ? value * std::log(10.0) : value;
      };
      for (std::size_t i = 0; i < of_x.values.size(); ++i)
        sum += std::fabs(natural(of_x.values[i]) - natural(of_y.values[i]));
      CHECK(ours[b].item<double>() ==
            doctest::Approx(sum / static_cast<double>(of_x.values.size())).epsilon(1e-3));
    }
    const Tensor input = y.clone().requires_grad_(true), way = torch::randn_like(y);
    distance(x, input).sum().backward();
    const double h = 1e-7;
    const Tensor numeric = (distance(x, y + h * way) - distance(x, y - h * way)).sum() / (2.0 * h);
    CHECK((input.grad() * way).sum().item<double>() ==
          doctest::Approx(numeric.item<double>()).epsilon(1e-4));
  }
}

TEST_CASE("a segment's noise is its own, whoever draws it with what") {
  const auto whole = train::sample_noise(1, 4, 10, 3, 5, 8);
  CHECK(whole[0].sizes() == torch::IntArrayRef({5, 3, 8}));
  CHECK(!torch::equal(whole[0], whole[1]));
  for (int64_t b = 0; b < 3; ++b) {
    const auto alone = train::sample_noise(1, 4, static_cast<std::uint64_t>(10 + b), 1, 5, 8);
    for (std::size_t i = 0; i < 2; ++i)
      CHECK(torch::equal(alone[i].select(1, 0), whole[i].select(1, b)));
  }
  const auto many = train::sample_noise(7, 4, 0, 64, 16, 16);
  CHECK(std::abs(average(many[0])) < 0.05);
  CHECK(many[1].std().item<double>() == doctest::Approx(1.0).epsilon(0.03));
  CHECK(std::abs(average(many[0] * many[1])) < 0.05);
}

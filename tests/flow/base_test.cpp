// SPDX-License-Identifier: MIT
#include "flow/base.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace glowvox;
using torch::Tensor;

namespace {

config::BaseConfig tailed(double channel_share, double frame_cost) {
  return {config::BaseKind::kTailed, channel_share, frame_cost};
}

// Midpoints theta of `count` equal parts of (-pi/2, pi/2): z = tan(theta) covers the whole line.
struct Line {
  explicit Line(int64_t count) {
    const Tensor theta = (torch::arange(count, torch::kDouble) + 0.5) * (M_PI / count) - M_PI / 2;
    z = torch::tan(theta);
    weight = (M_PI / count) / torch::cos(theta).square();
  }
  Tensor z, weight;
};

}  // namespace

TEST_CASE("a Gaussian base is the standard normal density") {
  torch::manual_seed(1);
  const Tensor z = torch::randn({4, 3, 5}, torch::kDouble);
  const Tensor expected = (-0.5 * z.square() - 0.5 * std::log(2.0 * M_PI)).sum(2);
  CHECK(torch::allclose(flow::Base().log_prob(z), expected, 1e-12, 1e-12));
}

TEST_CASE("a tailed base integrates to one") {
  const Line line(2000);
  for (const auto& config : {tailed(1e-3, 1.0), tailed(0.3, 0.2), tailed(0.05, 3.0)}) {
    const flow::Base base(config);
    const Tensor one = base.log_prob(line.z.view({-1, 1, 1})).flatten().exp();
    CHECK((one * line.weight).sum().item<double>() == doctest::Approx(1.0).epsilon(1e-5));
    // Two channels.
    const Tensor pairs = torch::stack(torch::meshgrid({line.z, line.z}, "ij"), -1);  // [n, n, 2]
    const Tensor weight = torch::outer(line.weight, line.weight);
    CHECK((base.log_prob(pairs).exp() * weight).sum().item<double>() ==
          doctest::Approx(1.0).epsilon(1e-3));
  }
}

TEST_CASE("the channels' shares add up to the frame's") {
  torch::manual_seed(2);
  const Tensor z = torch::randn({4, 3, 6}, torch::kDouble) * 4.0;
  for (const auto& config : {config::BaseConfig(), tailed(1e-3, 1.0)}) {
    const flow::Base base(config);
    CHECK(torch::allclose(base.channel_log_prob(z).sum(2), base.log_prob(z), 1e-10, 1e-10));
  }
}

TEST_CASE("what a Gaussian makes impossible costs a tailed base its scale") {
  torch::manual_seed(3);
  const int64_t C = 256;
  const flow::Base gaussian, base(tailed(1e-3, 1.0));
  const Tensor z = torch::randn({8, 1, C});
  const auto per_channel = [&](const flow::Base& b, double scale) {
    return b.log_prob(z * scale).mean().item<double>() / C;
  };
  // Ordinary latents pay next to nothing.
  CHECK(per_channel(base, 1.0) > per_channel(gaussian, 1.0) - 1.5e-3);
  // A frame a thousand or a million times too loud: log of that and the frame's cost, no squares.
  for (const double scale : {1e3, 1e6}) {
    CHECK(per_channel(base, scale) ==
          doctest::Approx(per_channel(gaussian, 1.0) - 1.0 - std::log(scale)).epsilon(0.02));
    CHECK(per_channel(gaussian, scale) < -1e5);
  }
  // One whose scale is right within a half is still measured by it.
  CHECK(per_channel(base, 1.5) == doctest::Approx(per_channel(gaussian, 1.5)).epsilon(0.01));
  // A click in one channel: no more than the channel's share and its tail.
  Tensor click = torch::zeros({1, 1, C});
  click[0][0][7] = 1e4;
  const double without = base.log_prob(z.select(0, 0).unsqueeze(0)).item<double>();
  click = torch::where(click > 0, click, z.select(0, 0).unsqueeze(0));
  CHECK(base.log_prob(click).item<double>() > without + std::log(1e-3) - 2 * std::log(1e4) - 2.0);
  // Its gradient is small: the click does not drive training.
  click.requires_grad_(true);
  const Tensor gradient = torch::autograd::grad({base.log_prob(click).sum()}, {click})[0];
  CHECK(std::abs(gradient[0][0][7].item<double>()) < 1e-3);
  CHECK(torch::isfinite(gradient).all().item<bool>());
}

TEST_CASE("the gradient of a tailed base is that of finite differences") {
  torch::manual_seed(4);
  const flow::Base base(tailed(0.05, 0.3));
  const double h = 1e-6;
  for (const double scale : {0.5, 1.0, 3.0, 30.0}) {
    const Tensor z = (torch::randn({3, 2, 5}, torch::kDouble) * scale).requires_grad_(true);
    const Tensor weights = torch::randn({3, 2}, torch::kDouble), step = torch::randn_like(z);
    const auto value = [&](const Tensor& at) { return (base.log_prob(at) * weights).sum(); };
    const Tensor gradient = torch::autograd::grad({value(z)}, {z})[0];
    const Tensor at = z.detach();
    const double expected = (value(at + h * step) - value(at - h * step)).item<double>() / (2 * h);
    CHECK((gradient * step).sum().item<double>() == doctest::Approx(expected).epsilon(1e-6));
  }
}

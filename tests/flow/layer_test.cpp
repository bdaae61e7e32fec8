// SPDX-License-Identifier: MIT
#include "flow/layer.hpp"

#include "flow/actnorm.hpp"
#include "flow/coupling.hpp"
#include "flow/law.hpp"
#include "flow/mixing.hpp"
#include "flow/scale_shift.hpp"
#include "glowvox/error.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

constexpr int64_t kT = 5, kB = 2, kC = 8, kBands = 4, kFeatures = 6;

flow::Condition random_condition() {
  return {torch::randn({kT, kB, kBands}, torch::kDouble),
          torch::randn({kT, kB, kFeatures}, torch::kDouble)};
}

template <typename L>
void check(std::shared_ptr<L> layer, double shake = 0.2) {
  layer->to(torch::kDouble);
  test::shake(*layer, shake);
  test::check_laws(*layer, torch::randn({kT, kB, kC}, torch::kDouble), random_condition());
}

config::NetConfig small_net() {
  config::NetConfig net;
  net.layers = 2;
  net.channels = 6;
  return net;
}

}  // namespace

TEST_CASE("mixing layers obey the laws") {
  torch::manual_seed(1);
  check(std::make_shared<flow::Conv1x1>("mixing", kC));
  check(std::make_shared<flow::Lu>("mixing", kC));
  check(std::make_shared<flow::Conv1x1>("mixing", kC, config::MixingStart::kIdentity));
  check(std::make_shared<flow::Lu>("mixing", kC, config::MixingStart::kIdentity));
  check(std::make_shared<flow::Permutation>("mixing", config::MixingKind::kReverse));
  check(std::make_shared<flow::Permutation>("mixing", config::MixingKind::kSwap));
}

TEST_CASE("a negative determinant is no obstacle") {
  torch::manual_seed(2);
  auto layer = std::make_shared<flow::Conv1x1>("mixing", kC);
  const torch::NoGradGuard no_grad;
  layer->parameters()[0].select(1, 0).neg_();
  const torch::AutoGradMode grad(true);
  check(layer, 0.0);
}

TEST_CASE("actnorm obeys the laws and normalises the batch that it is initialised from") {
  torch::manual_seed(3);
  check(std::make_shared<flow::ActNorm>("actnorm", kC));
  flow::ActNorm layer("actnorm", kC);
  layer.to(torch::kDouble);
  const Tensor x = torch::randn({50, 4, kC}, torch::kDouble) * 3.0 + 2.0;
  layer.initialize(x, {});
  const Tensor z = layer.forward(x, {}).z;
  CHECK(z.mean(torch::IntArrayRef({0, 1})).abs().max().item<double>() < 1e-6);
  CHECK((z.square().mean(torch::IntArrayRef({0, 1})) - 1).abs().max().item<double>() < 1e-6);
}

TEST_CASE("couplings obey the laws in every form") {
  torch::manual_seed(4);
  for (const auto kind : {config::CouplingKind::kAdditive, config::CouplingKind::kAffine})
    for (const auto split : {config::SplitKind::kHalves, config::SplitKind::kEvenOdd})
      for (const auto net_kind : {config::NetKind::kWavenet, config::NetKind::kSeparable})
        for (const bool causal : {false, true})
          for (const bool weight_norm : {false, true})
            for (const bool swapped : {false, true}) {
              config::CouplingConfig coupling;
              coupling.kind = kind;
              coupling.split = split;
              coupling.log_s_bound = causal ? 1.5 : 0.0;
              config::NetConfig net = small_net();
              net.kind = net_kind;
              net.causal = causal;
              net.weight_norm = weight_norm;
              check(std::make_shared<flow::Coupling>("coupling", kC, kFeatures, coupling, net,
                                                     swapped));
            }
}

TEST_CASE("a bounded log-scale stays within its bound") {
  torch::manual_seed(5);
  config::CouplingConfig config;
  config.log_s_bound = 0.5;
  flow::Coupling layer("coupling", kC, kFeatures, config, small_net(), false);
  layer.to(torch::kDouble);
  test::shake(layer, 5.0);
  const auto out = layer.forward(torch::randn({kT, kB, kC}, torch::kDouble), random_condition());
  CHECK(out.log_det.abs().max().item<double>() <= 0.5 * kT * kC / 2 + 1e-9);
}

TEST_CASE("a fresh coupling is the identity") {
  torch::manual_seed(6);
  flow::Coupling layer("coupling", kC, kFeatures, {}, small_net(), false);
  const Tensor x = torch::randn({kT, kB, kC});
  const auto condition = random_condition();
  const auto out =
      layer.forward(x, {condition.mel.to(torch::kFloat), condition.features.to(torch::kFloat)});
  CHECK(torch::equal(out.z, x));
  CHECK(out.log_det.abs().max().item<float>() == 0.0f);
}

TEST_CASE("the conditional scale and shift obeys the laws and fits its bias to the data") {
  torch::manual_seed(7);
  MelSpec mel;
  mel.bands = kBands;
  for (const bool spectral : {true, false})
    check(std::make_shared<flow::ScaleShift>("scale_shift", kC, kFeatures, mel, spectral), 0.1);
  flow::ScaleShift layer("scale_shift", kC, kFeatures, mel, true);
  layer.to(torch::kDouble);
  const auto condition = random_condition();
  const Tensor x = torch::randn({kT, kB, kC}, torch::kDouble) * 5.0;
  layer.initialize(x, condition);
  const Tensor z = layer.forward(x, condition).z;
  CHECK((z.square().mean(torch::IntArrayRef({0, 1})) - 1).abs().max().item<double>() < 1e-6);
}

TEST_CASE("a mixing matrix that cannot be inverted is refused with its step and condition number") {
  torch::manual_seed(8);
  const torch::NoGradGuard no_grad;
  const auto condition = random_condition();
  const Tensor x = torch::randn({kT, kB, kC});
  flow::Conv1x1 layer("step_3_mixing", kC);
  Tensor W = layer.parameters()[0];
  SUBCASE("singular") {
    W.zero_();
    CHECK(!torch::isfinite(layer.forward(x, condition).log_det).any().item<bool>());
    CHECK(!torch::isfinite(layer.inverse(x, condition)).all().item<bool>());
    CHECK_THROWS_WITH_AS(layer.check_invertible(),
                         doctest::Contains("step_3_mixing: the mixing matrix cannot be inverted: "
                                           "condition number"),
                         Error);
  }
  SUBCASE("nearly singular") {
    W.select(0, 0).copy_(W.select(0, 1) * (1 + 1e-7));
    CHECK_THROWS_WITH_AS(layer.check_invertible(), doctest::Contains("condition number"), Error);
  }
  SUBCASE("not finite") {
    W[0][0] = std::nanf("");
    CHECK(!torch::isfinite(layer.forward(x, condition).log_det).any().item<bool>());
    CHECK_THROWS_WITH_AS(layer.check_invertible(), doctest::Contains("condition number nan"),
                         Error);
  }
  SUBCASE("lu with a diagonal that underflows") {
    flow::Lu lu("step_3_mixing", kC);
    lu.named_parameters()["log_s"][0] = -40.0;
    CHECK_THROWS_WITH_AS(lu.check_invertible(), doctest::Contains("step_3_mixing"), Error);
  }
}

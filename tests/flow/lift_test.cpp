// SPDX-License-Identifier: MIT
#include "flow/lift.hpp"

#include "dsp/mdct.hpp"
#include "flow/law.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

flow::Lift make(config::LiftKind kind, int channels) {
  config::LiftConfig config;
  config.kind = kind;
  config.channels = channels;
  return flow::Lift(config);
}

}  // namespace

TEST_CASE("lifts are orthonormal: inverse, energy and log-det 0") {
  torch::manual_seed(1);
  for (const auto kind : {config::LiftKind::kSqueeze, config::LiftKind::kMdct}) {
    const flow::Lift lift = make(kind, 6);
    const Tensor audio = torch::randn({2, 24}, torch::kDouble);
    const Tensor x = lift.forward(audio);
    CHECK(x.sizes() == torch::IntArrayRef({4, 2, 6}));
    CHECK((lift.inverse(x) - audio).abs().max().item<double>() < 1e-12);
    CHECK(x.square().sum().item<double>() ==
          doctest::Approx(audio.square().sum().item<double>()).epsilon(1e-12));
    const double log_det = test::jacobian_log_det([&](const Tensor& a) { return lift.forward(a); },
                                                  audio.narrow(0, 0, 1));
    CHECK(log_det == doctest::Approx(0.0).epsilon(1e-10));
  }
}

TEST_CASE("squeeze groups as WaveGlow does: sample t * C + c is channel c of frame t") {
  const Tensor x = make(config::LiftKind::kSqueeze, 4).forward(torch::arange(12.0).view({1, 12}));
  CHECK(x[2][0][1].item<float>() == 9.0f);
}

TEST_CASE("the mdct lift equals dsp::Mdct") {
  torch::manual_seed(2);
  for (const int channels : {2, 16, 256}) {
    const Tensor audio = torch::randn({1, channels * 7});
    const Tensor x = make(config::LiftKind::kMdct, channels).forward(audio).flatten();
    const auto expected = dsp::Mdct(channels).forward(audio.data_ptr<float>(), 7);
    for (int64_t i = 0; i < x.numel(); ++i)
      CHECK(x[i].item<float>() == doctest::Approx(expected[i]).epsilon(1e-5));
  }
}

TEST_CASE("a signal of one frame overlaps with nothing") {
  torch::manual_seed(4);
  const flow::Lift lift = make(config::LiftKind::kMdct, 8);
  const Tensor audio = torch::randn({1, 8});
  const Tensor x = lift.forward(audio);
  CHECK(x.sizes() == torch::IntArrayRef({1, 1, 8}));
  CHECK(torch::allclose(lift.inverse(x), audio, 1e-5, 1e-6));
}

TEST_CASE("with margins, a segment's frames equal those of the whole signal") {
  torch::manual_seed(3);
  const flow::Lift lift = make(config::LiftKind::kMdct, 8);
  const Tensor audio = torch::randn({2, 80});
  const Tensor segment = audio.narrow(1, 3 * 8 - lift.margin(), 4 * 8 + 2 * lift.margin());
  const Tensor inner = lift.forward(segment, flow::Edges::kMargins);
  CHECK(torch::allclose(inner, lift.forward(audio).narrow(0, 3, 4), 1e-5, 1e-6));
}

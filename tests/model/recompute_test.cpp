// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "flow/ops.hpp"
#include "model/flow_vocoder.hpp"
#include "train/memory_meter.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

config::ModelConfig config_of(const std::string& name) {
  return config::read_config(std::string(GLOWVOX_CONFIGS) + "/" + name + ".yaml");
}

struct Example {
  Tensor audio, mel;
};

Example example(const model::FlowVocoder& model, int64_t batch, int64_t frames) {
  const config::ModelConfig& c = model.config();
  const int64_t samples = frames * c.mel.hop_samples + 2 * model.margin();
  return {torch::randn({batch, samples}) * 0.1, torch::randn({batch, frames, c.mel.bands}) - 5.0};
}

struct Pass {
  Tensor loss;
  std::vector<Tensor> gradients;
  std::int64_t peak_bytes = 0;
};

enum class Direction { kEncode, kDecode };

Tensor loss_of(model::FlowVocoder& model, const Example& e, Direction direction) {
  if (direction == Direction::kEncode)
    return -model.log_prob(e.audio, e.mel, flow::Edges::kMargins).mean() / 1000.0;
  const int64_t C = model.config().lift.channels;
  const int64_t T = e.mel.size(1) * model.config().mel.hop_samples / C;
  torch::manual_seed(5);
  const Tensor sample =
      model.lift().inverse(model.decode_rows(torch::randn({T, e.mel.size(0), C}), e.mel));
  return sample.abs().add(1e-3).log().mean();
}

Pass pass(model::FlowVocoder& model, const Example& e, bool recompute,
          Direction direction = Direction::kEncode) {
  model.set_recompute(recompute);
  model.zero_grad();
  auto& meter = train::MemoryMeter::install();
  const std::int64_t before = meter.restart_peak();
  const Tensor loss = loss_of(model, e, direction);
  loss.backward();
  Pass p{loss.detach(), {}, meter.peak_bytes() - before};
  for (const Tensor& w : model.parameters())
    p.gradients.push_back(w.grad().defined() ? w.grad().detach().clone() : torch::zeros_like(w));
  return p;
}

double relative_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double difference = 0.0, size = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]).square().sum().item<double>();
    size += a[i].square().sum().item<double>();
  }
  return std::sqrt(difference / size);
}

// Gradients with and without, over the whole model and for every parameter that matters.
void check_gradients(const config::ModelConfig& config) {
  CAPTURE(config.name);
  torch::manual_seed(1);
  model::FlowVocoder model(config);
  model.randomize();
  const Example e = example(model, 2, 12);
  for (const auto direction : {Direction::kEncode, Direction::kDecode}) {
    const Pass kept = pass(model, e, false, direction),
               made_again = pass(model, e, true, direction);
    CHECK(kept.loss.item<double>() ==
          doctest::Approx(made_again.loss.item<double>()).epsilon(1e-6));
    CHECK(relative_difference(kept.gradients, made_again.gradients) < 1e-4);
    double largest = 0.0;
    for (const Tensor& g : kept.gradients) largest = std::max(largest, g.norm().item<double>());
    for (size_t i = 0; i < kept.gradients.size(); ++i)
      if (kept.gradients[i].norm().item<double>() > 1e-3 * largest)
        CHECK(relative_difference({kept.gradients[i]}, {made_again.gradients[i]}) < 1e-4);
  }
}

}  // namespace

TEST_CASE("recomputed activations give the same gradients in every kind of model") {
  for (const char* name : {"tiny", "glow", "nice", "realnvp", "squeezewave-64s", "waveglow-64"}) {
    config::ModelConfig config = config_of(name);
    config.net.channels = std::min(config.net.channels, 32);
    config.net.layers = std::min(config.net.layers, 3);
    if (!config.net.dilations.empty()) config.net.dilations.resize(config.net.layers);
    check_gradients(config);
  }
  config::ModelConfig lu = config_of("tiny");
  lu.mixing = config::MixingKind::kLu;
  check_gradients(lu);
}

TEST_CASE("with recomputing the memory of a pass does not grow with the steps") {
  for (const auto direction : {Direction::kEncode, Direction::kDecode}) {
    const auto peak = [direction](int steps, bool recompute) {
      config::ModelConfig config = config_of("tiny");
      config.steps = steps;
      torch::manual_seed(1);
      model::FlowVocoder model(config);
      const Example e = example(model, 4, 64);
      const Pass p = pass(model, e, recompute, direction);
      double gradients = 0.0;  // these do grow
      for (const Tensor& g : p.gradients) gradients += static_cast<double>(g.numel()) * 4;
      return static_cast<double>(p.peak_bytes) - gradients;
    };
    const double kept = peak(16, false), kept_few = peak(4, false);
    const double again = peak(16, true), again_few = peak(4, true);
    MESSAGE("4 and 16 steps: kept " << kept_few << " and " << kept << " bytes, recomputed "
                                    << again_few << " and " << again);
    CHECK(kept > 2.5 * kept_few);
    CHECK(again < 1.05 * again_few);
  }
}

TEST_CASE("nothing is recomputed, and nothing kept, without gradients") {
  torch::manual_seed(2);
  model::FlowVocoder model(config_of("tiny"));
  const Example e = example(model, 1, 8);
  const torch::NoGradGuard no_grad;
  const Tensor expected = model.log_prob(e.audio, e.mel, flow::Edges::kMargins);
  model.set_recompute(true);
  CHECK(torch::equal(model.log_prob(e.audio, e.mel, flow::Edges::kMargins), expected));
}

TEST_CASE("the likelihood of the channels adds up to that of the frames") {
  torch::manual_seed(3);
  const torch::NoGradGuard no_grad;
  for (const auto mixing : {config::MixingKind::kNone, config::MixingKind::kLu}) {
    config::ModelConfig config = config_of("tiny");
    config.mixing = mixing;
    config.mixing_start = config::MixingStart::kIdentity;
    model::FlowVocoder model(config);
    for (Tensor& p : model.parameters()) p.add_(torch::randn_like(p) * 0.01);
    model.randomize();
    const Example e = example(model, 2, 10);
    const model::Encoded encoded = model.encode(e.audio, e.mel, flow::Edges::kMargins);
    const Tensor channels = encoded.channel_log_prob(), frames = encoded.frame_log_prob();
    REQUIRE(channels.defined());
    CHECK(channels.sizes() == encoded.z.sizes());
    CHECK((channels.sum(2) - frames).abs().max().item<double>() <
          1e-5 * frames.abs().max().item<double>());
  }
  model::FlowVocoder mixed(config_of("waveglow-64"));
  const Example e = example(mixed, 1, 2);
  CHECK(!mixed.encode(e.audio, e.mel, flow::Edges::kMargins).channel_log_prob().defined());
}

TEST_CASE("the operators of other devices compute what the CPU's own loops do") {
  torch::manual_seed(4);
  model::FlowVocoder model(config_of("tiny"));
  model.randomize();
  const Example e = example(model, 2, 12);
  for (const bool bf16 : {false, true}) {
    const flow::Bfloat16Guard guard(bf16);
    const Pass own = pass(model, e, false);
    const flow::PortableGuard without_own_loops(true);
    const Pass portable = pass(model, e, false);
    // The operators round a product's sums to bfloat16, which the fused nets leave float.
    CHECK(own.loss.item<double>() ==
          doctest::Approx(portable.loss.item<double>()).epsilon(bf16 ? 1e-3 : 1e-6));
    CHECK(relative_difference(own.gradients, portable.gradients) < (bf16 ? 2e-2 : 1e-6));
  }
}

TEST_CASE("mixing matrices tell their condition and determinant") {
  torch::manual_seed(5);
  model::FlowVocoder model(config_of("waveglow-64"));
  const auto states = model.mixing_states();
  REQUIRE(states.size() == 12);
  CHECK(states[0].layer == "step_0_mixing");
  CHECK(states[0].condition == doctest::Approx(1.0).epsilon(1e-4));  // a rotation
  CHECK(states[0].log_det == doctest::Approx(0.0));
  const torch::NoGradGuard no_grad;
  Tensor W = model.named_parameters()["step_0_mixing.weight"];
  W.copy_(torch::diag(torch::tensor({4.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.5f})));
  CHECK(model.mixing_states()[0].condition == doctest::Approx(8.0));
  CHECK(model.mixing_states()[0].log_det == doctest::Approx(std::log(2.0)));
}

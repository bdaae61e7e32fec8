// SPDX-License-Identifier: MIT
#include "model/flow_vocoder.hpp"

#include <algorithm>
#include <filesystem>

#include "flow/law.hpp"
#include "glowvox/error.hpp"

using namespace glowvox;
using model::FlowVocoder;
using torch::Tensor;

namespace {

// A shipped configuration at a width at which its Jacobian can be computed.
config::ModelConfig reduced(const std::string& path) {
  config::ModelConfig c = config::read_config(path);
  const int ratio = c.mel.hop_samples / c.lift.channels;
  const int channels = c.early.every > 0 ? 8 : 6;
  c.lift.channels = channels;
  c.mel.hop_samples = channels * std::min(ratio, 4);
  c.mel.n_fft = c.mel.win_samples = 4 * c.mel.hop_samples;
  c.mel.bands = 4;
  c.conditioner.channels = 5;
  c.conditioner.kernel =
      c.conditioner.kind == config::ConditionerKind::kUpsample ? 4 * c.mel.hop_samples : 3;
  if (c.early.every > 0) {
    c.early.channels = 2;
    c.early.every = std::max(c.early.every, (c.steps + 2) / 3);
  }
  c.net.channels = 6;
  c.net.layers = std::min(c.net.layers, 2);
  if (!c.net.dilations.empty()) c.net.dilations.resize(c.net.layers);
  c.train = {};  // its segments would be too short
  config::validate(c, path);
  return c;
}

}  // namespace

TEST_CASE("every shipped configuration obeys the laws at reduced width") {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GLOWVOX_CONFIGS)) {
    if (entry.path().extension() != ".yaml") continue;
    CAPTURE(entry.path().filename().string());
    torch::manual_seed(++seen);
    const config::ModelConfig config = reduced(entry.path().string());
    FlowVocoder model(config);
    model.to(torch::kDouble);
    test::shake(model, 0.05);
    const int64_t frames = 2, samples = frames * config.mel.hop_samples;
    const Tensor audio = torch::randn({2, samples}, torch::kDouble);
    const Tensor mel = torch::randn({2, frames, config.mel.bands}, torch::kDouble);
    const model::Encoded e = model.encode(audio, mel);
    CHECK((model.decode(e.z, mel) - audio).abs().max().item<double>() < 1e-8);
    const double log_det = test::jacobian_log_det(
        [&](const Tensor& x) { return model.encode(x, mel.narrow(0, 1, 1)).z; },
        audio.narrow(0, 1, 1));
    CHECK(e.log_det[1].item<double>() == doctest::Approx(log_det).epsilon(1e-7));
    const double base = flow::Base(config.base).log_prob(e.z).sum(0)[1].item<double>();
    CHECK(model.log_prob(audio, mel)[1].item<double>() ==
          doctest::Approx(base + log_det).epsilon(1e-7));
  }
  CHECK(seen >= 11);
}

TEST_CASE("a causal model's audio depends on no later mel frame") {
  torch::manual_seed(1);
  FlowVocoder model(config::read_config(std::string(GLOWVOX_CONFIGS) + "/tiny.yaml"));
  test::shake(model, 0.05);
  const torch::NoGradGuard no_grad;
  const int64_t hop = model.config().mel.hop_samples, frames = 10, changed = 6;
  Tensor mel = torch::randn({1, frames, model.config().mel.bands});
  const Tensor z = model.noise(1, frames, 1.0, 1);
  const Tensor before = model.decode(z, mel);
  mel.narrow(1, changed, frames - changed).add_(1.0);
  const Tensor difference = (model.decode(z, mel) - before).abs();
  const int64_t first = changed * hop - hop / 2;  // the window reaches half a hop back
  CHECK(difference.narrow(1, 0, first).max().item<float>() == 0.0f);
  CHECK(difference.narrow(1, first, hop).max().item<float>() > 0.0f);
}

TEST_CASE("noise is a function of seed, channel and frame, whatever the batch and the length") {
  FlowVocoder model(config::read_config(std::string(GLOWVOX_CONFIGS) + "/tiny.yaml"));
  const Tensor z = model.noise(3, 20, 0.7, 5);
  CHECK(torch::equal(z.select(1, 0), z.select(1, 2)));
  CHECK(torch::equal(z.narrow(0, 0, 8), model.noise(3, 8, 0.7, 5)));
  CHECK(!torch::equal(z, model.noise(3, 20, 0.7, 6)));
  CHECK(z.square().mean().sqrt().item<float>() == doctest::Approx(0.7).epsilon(0.05));
}

TEST_CASE("the frames' shares add up to the log-likelihood") {
  for (const char* name : {"tiny", "squeezewave-64s"}) {
    torch::manual_seed(4);
    FlowVocoder model(config::read_config(std::string(GLOWVOX_CONFIGS) + "/" + name + ".yaml"));
    test::shake(model, 0.01);
    const torch::NoGradGuard no_grad;
    const MelSpec& spec = model.config().mel;
    const Tensor audio = torch::randn({2, 6 * spec.hop_samples}) * 0.01;
    const Tensor mel = torch::randn({2, 6, spec.bands}) - 5.0;
    const Tensor frames = model.encode(audio, mel).frame_log_prob();
    CHECK(frames.size(0) == 6 * spec.hop_samples / model.config().lift.channels);
    CHECK(torch::allclose(frames.sum(0), model.log_prob(audio, mel), 1e-4, 1e-2));
  }
}

TEST_CASE("initialisation from data raises the likelihood") {
  torch::manual_seed(2);
  config::ModelConfig config = config::read_config(std::string(GLOWVOX_CONFIGS) + "/tiny.yaml");
  config.actnorm = true;
  FlowVocoder model(config);
  const torch::NoGradGuard no_grad;
  const Tensor audio = torch::randn({4, 32 * config.mel.hop_samples}) * 0.01;
  const Tensor mel = torch::randn({4, 32, config.mel.bands}) - 5.0;
  const double before = model.log_prob(audio, mel).mean().item<double>();
  model.initialize(audio, mel);
  CHECK(model.log_prob(audio, mel).mean().item<double>() > before + 100.0);
}

TEST_CASE("shapes that do not belong together are refused") {
  FlowVocoder model(config::read_config(std::string(GLOWVOX_CONFIGS) + "/tiny.yaml"));
  const int64_t hop = model.config().mel.hop_samples;
  CHECK_THROWS_WITH_AS(model.encode(torch::zeros({1, 4 * hop}), torch::zeros({1, 4, 7})),
                       doctest::Contains("expected 20 bands, got 7"), Error);
  CHECK_THROWS_WITH_AS(model.encode(torch::zeros({1, 3 * hop}), torch::zeros({1, 4, 20})),
                       doctest::Contains("samples for 4 mel frames"), Error);
  CHECK_THROWS_WITH_AS(model.encode(torch::zeros({1, 0}), torch::zeros({1, 0, 20})),
                       doctest::Contains("one frame or more"), Error);
  CHECK_THROWS_WITH_AS(model.decode(torch::zeros({3, 1, 64}), torch::zeros({1, 4, 20})),
                       doctest::Contains("latent"), Error);
}

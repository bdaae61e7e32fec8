// SPDX-License-Identifier: MIT
#include "train/sample_correction.hpp"

#include <doctest/doctest.h>

#include <utility>

#include "dsp/correction_rule.hpp"
#include "engine/mel_correction.hpp"
#include "flow/lift.hpp"
#include "train/training.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

config::ModelConfig lapped(const MelSpec& spec) {
  config::ModelConfig config = test::tiny();
  config.mel = spec;
  config.lift = {config::LiftKind::kMdct, spec.hop_samples};
  config.alignment = config::MelAlignment::kHopCenter;
  return config;
}

// The engine's, of the rows of a lapped transform: sample 0 of its sound is half a row in.
std::vector<float> by_engine(const Tensor& sound, const Tensor& ahead, const Mel& mel,
                             const MelSpec& spec) {
  const std::int64_t hop = spec.hop_samples, rows = ahead.size(0);
  engine::MelCorrection correction(spec, 1, hop, mel.frames);
  correction.push_mel(mel.values.data(), mel.frames);
  engine::FlowOutput made;
  const float* first = sound.data_ptr<float>() + hop / 2;
  made.samples.assign(first, first + (rows - 1) * hop);
  for (std::int64_t row = 0; row < rows; ++row)
    made.ends.push_back(static_cast<std::size_t>(row * hop));
  made.ahead.assign(ahead.data_ptr<float>(), ahead.data_ptr<float>() + ahead.numel());
  std::vector<float> out;
  correction.push(made, &out);
  return out;
}

}  // namespace

TEST_CASE("training corrects samples as a live stream does that draws no row ahead") {
  torch::manual_seed(1);
  for (const char* preset : {"tacotron2", "parallel_wavegan"}) {
    CAPTURE(preset);
    const MelSpec spec = mel_preset(preset);
    const config::ModelConfig config = lapped(spec);
    const std::int64_t hop = spec.hop_samples, rows = 20;
    const std::vector<float> speech = test::speech();
    const Mel mel = log_mel(speech.data() + 8000, rows * hop, spec);
    const Tensor given =
        torch::from_blob(const_cast<float*>(mel.values.data()), {1, mel.frames, spec.bands})
            .narrow(1, 0, rows);
    const Tensor audio =
        torch::from_blob(const_cast<float*>(speech.data()) + 8000, {1, rows * hop}) +
        0.02 * torch::randn({1, rows * hop});
    const flow::Lift lift(config.lift);
    const Tensor lifted = lift.forward(audio), sound = lift.inverse(lifted),
                 ahead = lift.ahead(lifted);
    const train::SampleCorrection correction(config);
    const Tensor ours = correction(sound, ahead, given);
    const std::vector<float> expected = by_engine(sound, ahead[0].contiguous(), mel, spec);
    REQUIRE(expected.size() > static_cast<std::size_t>(10 * hop));
    double largest = 0.0, changed = 0.0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::int64_t at = static_cast<std::int64_t>(i) + hop / 2;
      const double sample = ours[0][at].item<double>();
      largest = std::max(largest, std::fabs(sample - expected[i]));
      changed = std::max(changed, std::fabs(sample - sound[0][at].item<double>()));
    }
    CHECK(largest < 2e-5);
    CHECK(changed > 100.0 * largest);
    // Of several clips each is as it is alone.
    const Tensor both = correction(sound.repeat({2, 1}) * torch::tensor({{0.3F}, {1.0F}}),
                                   ahead.repeat({2, 1, 1}) * torch::tensor({{{0.3F}}, {{1.0F}}}),
                                   given.repeat({2, 1, 1}));
    CHECK(torch::allclose(both[1], ours[0], 1e-5, 1e-6));
    CHECK(!torch::allclose(both[0], ours[0], 1e-2, 1e-3));
  }
}

TEST_CASE("the gradient of a correction is that of finite differences") {
  // Of a lift that leaves nothing unfinished exactly; else but for what a sound's own repetition
  // changes by, which has no gradient.
  for (const auto& [kind, accuracy] :
       {std::pair(config::LiftKind::kSqueeze, 1e-5), std::pair(config::LiftKind::kMdct, 1e-3)}) {
    CAPTURE(accuracy);
    torch::manual_seed(2);
    config::ModelConfig config = lapped(mel_preset("tacotron2"));
    config.lift.kind = kind;
    const std::int64_t rows = 9, hop = config.mel.hop_samples;
    const auto options = torch::TensorOptions().dtype(torch::kDouble);
    const Tensor lifted = 0.05 * torch::randn({rows, 2, hop}, options);
    const Tensor mel = -4.0 + torch::randn({2, rows, config.mel.bands}, options);
    const Tensor way = torch::randn_like(lifted), weights = torch::randn({2, rows * hop}, options);
    const flow::Lift lift(config.lift);
    const train::SampleCorrection correction(config);
    const auto value = [&](const Tensor& x) {
      return (correction(lift.inverse(x), lift.ahead(x), mel) * weights).sum();
    };
    const Tensor input = lifted.clone().requires_grad_(true);
    value(input).backward();
    const double h = 1e-6;
    const double numeric =
        ((value(lifted + h * way) - value(lifted - h * way)) / (2.0 * h)).item<double>();
    CHECK((input.grad() * way).sum().item<double>() == doctest::Approx(numeric).epsilon(accuracy));
  }
}

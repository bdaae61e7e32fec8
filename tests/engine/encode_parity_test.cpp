// SPDX-License-Identifier: MIT
// The engine both ways against LibTorch's model, in float.
#include "audio/sound_file.hpp"
#include "engine/base.hpp"
#include "engine/random_models.hpp"
#include "train/validation.hpp"

using namespace glowvox;
using namespace glowvox::test;
using torch::Tensor;

namespace {

std::vector<float> values_of(const Tensor& tensor) {
  const Tensor t = tensor.to(torch::kFloat).contiguous();
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

model::Encoded encoded(model::FlowVocoder& model, const Mel& mel, const std::vector<float>& audio,
                       torch::ScalarType type) {
  model.to(type);
  return model.encode(torch::tensor(audio).unsqueeze(0).to(type),
                      torch::tensor(mel.values).view({1, mel.frames, mel.bands}).to(type));
}

// Sound of one clip as FlowVocoder has it in double: latents to 1e-4 of their size, or, where the
// flow is that sensitive, to what FlowVocoder itself misses in float; likelihoods to 1e-5.
void check_encoding(model::FlowVocoder& model, const Vocoder& vocoder, const Mel& mel,
                    const std::vector<float>& audio) {
  const torch::NoGradGuard no_grad;
  const auto samples = static_cast<std::int64_t>(audio.size());
  const std::vector<float> in_float = values_of(encoded(model, mel, audio, torch::kFloat).z);
  const model::Encoded expected = encoded(model, mel, audio, torch::kDouble);
  model.to(torch::kFloat);
  const Encoding got = vocoder.encode(mel, audio.data(), samples, 2);
  CHECK(got.samples == samples);
  const std::vector<float> z = values_of(expected.z);
  REQUIRE(got.latents.size() == z.size());
  CHECK(eval::largest_difference(z, got.latents) <
        std::max(1e-4 * std::max(1.0, largest(z)), 2.0 * eval::largest_difference(z, in_float)));

  const auto near = [&](double a, double b) {
    return std::fabs(a - b) < 1e-5 * std::max(static_cast<double>(samples), std::fabs(b));
  };
  const Tensor rows = expected.frame_log_prob().to(torch::kDouble).select(1, 0);
  CHECK(near(got.log_likelihood, rows.sum().item<double>()));
  CHECK(near(got.log_det, expected.frame_log_det.to(torch::kDouble).sum().item<double>()));
  REQUIRE(static_cast<std::int64_t>(got.frame_log_likelihoods.size()) == mel.frames);
  const Tensor frames = rows.view({mel.frames, -1}).sum(1);
  for (std::int64_t t = 0; t < mel.frames; ++t) {
    const double frame = frames[t].item<double>();
    CHECK(got.frame_log_likelihoods[static_cast<std::size_t>(t)] ==
          doctest::Approx(frame).epsilon(1e-4).scale(vocoder.mel().hop_samples));
  }

  CHECK(eval::largest_difference(audio, vocoder.decode(mel, z)) <
        1e-4 * std::max(1.0, largest(audio)));
}

// Sound is synthesized alike, and then encoded and decoded alike: it is likely under the model.
void check_parity(const config::ModelConfig& config) {
  const torch::NoGradGuard no_grad;
  const TemporaryDirectory folder;
  config::validate(config, "test");
  const auto model = random_model(config);
  const Vocoder vocoder = saved_and_loaded(folder, *model);
  // More rows than a tile for each thread, and frames beyond any kernel's edges.
  const std::int64_t frames = std::max(11, 37 / vocoder.rows_per_frame());
  const Mel mel = speech_like_mel(config.mel, frames, 2);
  const auto audio = model->synthesize(mel, 0.8, 5);
  CHECK(largest(audio) > 1e-3);
  CHECK(eval::largest_difference(audio, vocoder.synthesize(mel, uncorrected(0.8, 5, 2))) < 1e-4);
  check_encoding(*model, vocoder, mel, audio);
}

}  // namespace

TEST_CASE("the engine synthesizes and encodes as LibTorch does, for every shipped configuration") {
  for (const std::string& name : shipped_configs()) {
    CAPTURE(name);
    check_parity(reduced_config(name));
  }
}

TEST_CASE("the engine runs what no shipped configuration has") {
  for (const Variant& variant : variants()) {
    CAPTURE(std::string(variant.name));
    check_parity(variant.config());
  }
  config::ModelConfig config = reduced_config("glow");
  for (const auto mixing :
       {config::MixingKind::kNone, config::MixingKind::kReverse, config::MixingKind::kSwap,
        config::MixingKind::kConv1x1, config::MixingKind::kLu}) {
    CAPTURE(static_cast<int>(mixing));
    config.mixing = mixing;
    config.actnorm = true;
    check_parity(config);
  }
}

TEST_CASE("the engine's base densities are LibTorch's, far out as well") {
  torch::manual_seed(3);
  config::BaseConfig tailed;
  tailed.kind = config::BaseKind::kTailed;
  config::BaseConfig cheap = tailed;
  cheap.channel_share = 0.3;
  cheap.frame_cost = 0.01;
  for (const auto& config : {config::BaseConfig(), tailed, cheap}) {
    for (const int channels : {2, 8, 256}) {
      for (const double scale : {1e-3, 1.0, 5.0, 1e3, 1e12}) {
        CAPTURE(channels);
        CAPTURE(scale);
        const Tensor z = (torch::randn({channels}) * scale).to(torch::kFloat);
        const double expected =
            flow::Base(config).log_prob(z.to(torch::kDouble).view({1, 1, -1})).item<double>();
        CHECK(engine::Base(config, channels).log_prob(z.data_ptr<float>()) ==
              doctest::Approx(expected).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("the shipped model on speech and on silence, whatever it synthesizes in") {
  const auto model = model::load_model(kShippedModel);
  const MelSpec& spec = model->config().mel;
  auto audio = audio::load_mono(std::string(GLOWVOX_SAMPLES) + "/kerstin.flac", spec.sample_rate_hz,
                                nullptr);
  audio.resize(30000);
  const Vocoder full = Vocoder::load(kShippedModel, Precision::kFloat32);
  const Vocoder usual = Vocoder::load(kShippedModel);
  const train::Recording own = train::as_recording(audio, model->config(), "kerstin");
  const Mel mel = full.mel_of(audio.data(), static_cast<std::int64_t>(audio.size()));
  CHECK(mel.values == values_of(own.mel));
  const Encoding e = full.encode(audio.data(), static_cast<std::int64_t>(audio.size()));
  CHECK(e.log_likelihood / static_cast<double>(e.samples) ==
        doctest::Approx(train::likelihood(*model, own).nats / own.audio.size(1)).epsilon(1e-5));
  CHECK(usual.encode(audio.data(), static_cast<std::int64_t>(audio.size())).latents == e.latents);
  audio.resize(static_cast<std::size_t>(mel.frames * spec.hop_samples));
  check_encoding(*model, full, mel, audio);

  // Digital silence, whose latents only the tails allow.
  std::fill(audio.begin() + 12000, audio.begin() + 24000, 0.0F);
  check_encoding(*model, full, full.mel_of(audio.data(), static_cast<std::int64_t>(audio.size())),
                 audio);
}

// SPDX-License-Identifier: MIT
// A row that is drawn before its frame has come.
#include "engine/pipeline.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "dsp/next_frame.hpp"
#include "emulated.hpp"
#include "engine/precision.hpp"
#include "engine/signals.hpp"
#include "safetensors/model_metadata.hpp"

using namespace glowvox;
using namespace glowvox::engine;
using namespace glowvox::test;

namespace {

std::shared_ptr<const PreparedModel> prepared(const std::string& path, DType dtype) {
  const safetensors::MappedSafetensors file(path);
  const Weights weights(file.tensors(), path);
  return std::make_shared<const PreparedModel>(
      prepare(weights, safetensors::model_config(file.metadata(), path), dtype));
}

std::vector<DType> dtypes() {
  return has_bfloat16() ? std::vector{DType::kFloat32, DType::kBfloat16}
                        : std::vector{DType::kFloat32};
}

}  // namespace

TEST_CASE("the next frame is guessed by its slope and smoothed over the bands") {
  MelSpec spec = mel_preset("tacotron2");
  spec.bands = 5;
  const double floor = mel_floor(spec);
  const float low = static_cast<float>(floor);
  const float before[] = {1.0F, 1.0F, 1.0F, low + 1.0F, low},
              newest[] = {1.0F, 2.0F, 1.0F, low, 0.0F};
  float guess[5];
  dsp::NextFrame{spec}(before, newest, guess);
  CHECK(guess[0] == doctest::Approx(1.0 + 0.15));
  CHECK(guess[1] == doctest::Approx(2.0 + 0.4 - 0.15 * 2.0));
  CHECK(guess[2] == doctest::Approx(1.0 + 0.15 * (2.0 + floor - 2.0)));
  CHECK(guess[3] == doctest::Approx(floor - 0.4 + 0.15 * (1.0 - 2.0 * floor)));
  CHECK(guess[4] == doctest::Approx(0.4 * 2.5 + 0.15 * floor));  // as steep as it may be
  // Half as steep in decimal logarithms of power, per nat of amplitude; and not below the floor.
  spec.log = MelLog::kLog10;
  spec.power = 2.0;
  const float steep[] = {-1.0F, -1.0F, -1.0F, -1.0F, -1.0F},
              loud[] = {3.0F, 3.0F, 3.0F, 3.0F, 3.0F};
  dsp::NextFrame{spec}(steep, loud, guess);
  CHECK(guess[2] == doctest::Approx(3.0 + 0.4 * 2.5 * 2.0 / std::log(10.0)));
  const float lowest = static_cast<float>(mel_floor(spec));
  const std::vector<float> quiet(5, lowest), louder(5, lowest + 1.0F);
  dsp::NextFrame{spec}(louder.data(), quiet.data(), guess);
  CHECK(guess[2] == lowest);
}

TEST_CASE("a row drawn ahead is what the guessed frame would make, and leaves no trace") {
  const Latent latent{0.7, 3, nullptr};
  for (const DType dtype : dtypes()) {
    const auto model = prepared(kShippedModel, dtype);
    REQUIRE(Pipeline::can_draw_next(*model));
    const int hop = model->config.mel.hop_samples, bands = model->conditioner.bands;
    const Mel mel = speech_like_mel(model->config.mel, emulated_or(9, 30, "frames"), 4);
    const auto frame = [&](std::int64_t t) {
      return &mel.values[static_cast<std::size_t>(t * bands)];
    };
    Pipeline drawing(model, latent, 1, 1, true, true), plain(model, latent, 1, 1, true);
    std::vector<float> guess(static_cast<std::size_t>(bands));
    for (std::int64_t t = 0; t < mel.frames; ++t) {
      CAPTURE(t);
      const FlowOutput drawn = drawing.push(frame(t), 1);
      const FlowOutput own = plain.push(frame(t), 1);
      CHECK(drawn.samples == own.samples);
      CHECK(drawn.ends == own.ends);
      REQUIRE(drawn.ahead.size() == 2 * own.ahead.size());
      if (own.ahead.empty() || t % 7 != 3) continue;
      // Another stream, for which the guess was the frame that came next.
      Pipeline other(model, latent, 1, 1, true);
      for (std::int64_t i = 0; i <= t; ++i) other.push(frame(i), 1);
      dsp::NextFrame{model->config.mel}(frame(std::max<std::int64_t>(0, t - 1)), frame(t),
                                        guess.data());
      const FlowOutput next = other.push(guess.data(), 1);
      CHECK(next.samples == std::vector<float>(drawn.ahead.begin(), drawn.ahead.begin() + hop));
      CHECK(next.ahead == std::vector<float>(drawn.ahead.begin() + hop, drawn.ahead.end()));
    }
    CHECK(drawing.finish().samples == plain.finish().samples);
  }
}

TEST_CASE("no row is drawn ahead where a frame's own is not complete when it comes") {
  CHECK(!Pipeline::can_draw_next(*prepared(golden_model("waveglow"), DType::kFloat32)));
  CHECK(!Pipeline::can_draw_next(*prepared(golden_model("squeezewave"), DType::kFloat32)));
}

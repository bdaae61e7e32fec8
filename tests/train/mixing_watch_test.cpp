// SPDX-License-Identifier: MIT
#include "train/mixing_watch.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "temporary.hpp"
#include "train/trainer.hpp"
#include "train/training.hpp"

using namespace glowvox;
using model::MixingState;

TEST_CASE("a matrix on its way to being singular is warned of before it is") {
  train::MixingWatch watch;
  CHECK(watch.look(0, {{"step_0_mixing", 1.0, 0.0}, {"step_1_mixing", 1.0, 0.0}}).empty());
  CHECK(watch.look(100, {{"step_0_mixing", 50.0, 0.0}, {"step_1_mixing", 1.1, 0.0}}).empty());
  // From 50 to 5,000 in 100 steps: at that rate beyond 1e5 in another 65.
  const auto early = watch.look(200, {{"step_0_mixing", 5e3, 0.0}, {"step_1_mixing", 1.1, 0.0}});
  REQUIRE(early.size() == 1);
  CHECK(test::contains(early[0], "step_0_mixing becomes singular in some 165 steps"));
  const auto near = watch.look(300, {{"step_0_mixing", 2e5, 0.0}});
  REQUIRE(near.size() == 1);
  CHECK(test::contains(near[0], "nearly singular: condition number 2e+05"));
  CHECK(watch.look(400, {{"step_0_mixing", 3e5, 0.0}}).empty());  // said already
  CHECK(watch.look(500, {{"step_0_mixing", 3e6, 0.0}}).size() == 1);
  CHECK(watch.look(600, {{"step_0_mixing", std::nan(""), 0.0}}).size() == 1);
}

TEST_CASE("slow growth is not warned of") {
  train::MixingWatch watch;
  double condition = 1.0;
  for (int step = 0; step < 100; ++step, condition *= 1.1)
    CHECK(watch.look(step * 100, {{"m", condition, 0.0}}).empty());
}

// Gradient ascent at an absurd rate: conv1x1 may break, lu keeps a determinant.
TEST_CASE("training cannot make an lu mixing singular") {
  const test::SpeechFolder speech;
  config::ModelConfig config = test::tiny();
  config.mixing = config::MixingKind::kLu;
  config.train.rate = 0.2;
  config.train.warmup_steps = 0;
  train::Trainer trainer(config, speech.folder(), 1, test::ignore);
  trainer.initialize();
  for (int i = 0; i < 60; ++i) trainer.step(0.0);
  for (const MixingState& s : trainer.model().mixing_states()) {
    CHECK(std::isfinite(s.log_det));
    CHECK(std::isfinite(s.condition));
  }
}

// The engine against LibTorch.
#include "engine/models.hpp"

using namespace glowvox;
using namespace glowvox::test;

TEST_CASE("the engine synthesizes what LibTorch does, for every shipped configuration") {
  const TemporaryDirectory folder;
  for (const std::string& name : shipped_configs()) {
    CAPTURE(name);
    const format::ModelConfig config = reduced_config(name);
    const auto model = random_model(config);
    const Mel mel = speech_like_mel(config.mel, 37, 2);
    const Vocoder vocoder = saved_and_loaded(folder, *model);
    const auto expected = model->synthesize(mel, 0.8, 5);
    const auto got = vocoder.synthesize(mel, {0.8, 5, 2});
    CHECK(largest(expected) > 1e-3);
    CHECK(difference(expected, got) < 1e-4);
    MESSAGE(name << " difference " << difference(expected, got) << " of " << largest(expected));
  }
}

// SPDX-License-Identifier: MIT
#include "model/model_file.hpp"

#include <filesystem>

#include "flow/law.hpp"
#include "glowvox/error.hpp"
#include "temporary.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

std::shared_ptr<model::FlowVocoder> shaken_tiny() {
  torch::manual_seed(1);
  auto made = std::make_shared<model::FlowVocoder>(
      config::read_config(std::string(GLOWVOX_CONFIGS) + "/tiny.yaml"));
  test::shake(*made, 0.05);
  return made;
}

}  // namespace

TEST_CASE("a saved model is the same model") {
  const test::TemporaryDirectory folder;
  const auto made = shaken_tiny();
  const torch::NoGradGuard no_grad;
  const Tensor mel = torch::randn({1, 6, 20}), z = made->noise(1, 6, 1.0, 1);
  model::save_model(folder.file("m.safetensors"), *made);
  const auto loaded = model::load_model(folder.file("m.safetensors"));
  CHECK(torch::equal(loaded->decode(z, mel), made->decode(z, mel)));
  CHECK(config::to_yaml(loaded->config()) == config::to_yaml(made->config()));
  model::save_model(folder.file("half.safetensors"), *made, true);
  CHECK(std::filesystem::file_size(folder.file("half.safetensors")) <
        0.6 * std::filesystem::file_size(folder.file("m.safetensors")));
  const Tensor close = model::load_model(folder.file("half.safetensors"))->decode(z, mel);
  CHECK((close - made->decode(z, mel)).abs().max().item<float>() < 0.05f);
}

TEST_CASE("a model file that does not fit its configuration is refused by name") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("m.safetensors");
  model::save_model(path, *shaken_tiny());
  safetensors::Safetensors file = safetensors::read_safetensors(path);
  const auto refused = [&](const char* message) {
    safetensors::write_safetensors(path, file);
    CHECK_THROWS_WITH_AS(model::load_model(path), doctest::Contains(message), Error);
  };
  SUBCASE("missing tensor") {
    file.tensors.erase("scale_shift.bias");
    refused("tensor 'scale_shift.bias' is missing");
  }
  SUBCASE("wrong shape") {
    file.tensors["scale_shift.bias"].shape = {2, 32};
    refused("tensor 'scale_shift.bias': expected shape [64], got [2, 32]");
  }
  SUBCASE("extra tensor") {
    file.tensors["other"] = model::to_stored(torch::zeros({2}));
    refused("tensors for this configuration");
  }
  SUBCASE("not finite") {
    file.tensors["scale_shift.bias"] = model::to_stored(torch::full({64}, std::nanf("")));
    refused("not finite");
  }
  SUBCASE("no configuration") {
    file.metadata.erase("config");
    refused("is not a glowvox model");
  }
  SUBCASE("another version") {
    file.metadata["format_version"] = "9";
    refused("expected model format version 1, got 9");
  }
}

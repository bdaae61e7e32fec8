// SPDX-License-Identifier: MIT
#include "safetensors/average.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "config/model_config.hpp"
#include "safetensors/floats.hpp"
#include "safetensors/model_metadata.hpp"
#include "temporary.hpp"

using namespace glowvox;
using safetensors::Stored;
using test::contains;
using test::error_of;

namespace {

using Values = std::vector<float>;

config::ModelConfig network(int steps) {
  return config::parse_config("steps: " + std::to_string(steps) + "\nmixing: lu", "test");
}

safetensors::Safetensors model(const Values& weight, const Values& order, int steps = 4) {
  safetensors::Safetensors file;
  file.metadata = safetensors::model_metadata(network(steps));
  file.tensors["step_0_mixing.triangles"] = safetensors::to_tensor({3}, weight);
  file.tensors["step_0_mixing.order"] = safetensors::to_tensor({2}, order);
  return file;
}

Values floats(const safetensors::Safetensors& file, const std::string& name) {
  const safetensors::Tensor& t = file.tensors.at(name);
  return safetensors::to_floats(t.dtype, t.bytes.data(), t.bytes.size(), name);
}

struct Files {
  test::TemporaryDirectory folder;
  std::string write(const std::string& name, const safetensors::Safetensors& file) const {
    safetensors::write_safetensors(folder.file(name), file);
    return folder.file(name);
  }
};

}  // namespace

TEST_CASE("an average is weighted, keeps permutations, and reads like a model") {
  const Files files;
  const auto a = files.write("a", model({1.0F, 2.0F, -4.0F}, {1.0F, 0.0F}));
  const auto b = files.write("b", model({5.0F, 2.0F, 0.0F}, {1.0F, 0.0F}));
  const auto mean = safetensors::average({{a, 3.0}, {b, 1.0}}, Stored::kFloat32);
  CHECK(floats(mean, "step_0_mixing.triangles") == Values{2.0F, 2.0F, -3.0F});
  CHECK(floats(mean, "step_0_mixing.order") == Values{1.0F, 0.0F});
  CHECK(safetensors::model_config(mean.metadata, "mean").steps == 4);
  const auto half = safetensors::average({{a, 1.0}, {b, 1.0}}, Stored::kHalf);
  CHECK(half.tensors.at("step_0_mixing.triangles").dtype == "F16");
  CHECK(floats(half, "step_0_mixing.triangles") == Values{3.0F, 2.0F, -2.0F});
}

TEST_CASE("a checkpoint stands for its averaged weights") {
  const Files files;
  const auto a = files.write("a", model({1.0F, 1.0F, 1.0F}, {0.0F, 1.0F}));
  safetensors::Safetensors checkpoint;
  checkpoint.metadata["model_config"] = config::to_yaml(network(4));
  checkpoint.tensors["weight.step_0_mixing.triangles"] = safetensors::to_tensor({3}, {9, 9, 9});
  checkpoint.tensors["average.step_0_mixing.triangles"] = safetensors::to_tensor({3}, {3, 4, 5});
  checkpoint.tensors["weight.step_0_mixing.order"] = safetensors::to_tensor({2}, {0, 1});
  checkpoint.tensors["m.step_0_mixing.triangles"] = safetensors::to_tensor({3}, {7, 7, 7});
  const auto b = files.write("b", checkpoint);
  const auto mean = safetensors::average({{b, 1.0}, {a, 1.0}}, Stored::kFloat32);
  CHECK(floats(mean, "step_0_mixing.triangles") == Values{2.0F, 2.5F, 3.0F});
  CHECK(mean.tensors.size() == 2);
}

TEST_CASE("models that have no mean are refused") {
  const Files files;
  const auto a = files.write("a", model({1.0F, 1.0F, 1.0F}, {0.0F, 1.0F}));
  const auto refused = [&](const safetensors::Safetensors& other) {
    const auto b = files.write("b", other);
    return error_of([&] { safetensors::average({{a, 1.0}, {b, 1.0}}, Stored::kHalf); });
  };
  CHECK(contains(refused(model({1.0F, 1.0F, 1.0F}, {1.0F, 0.0F})), "went on from the same"));
  CHECK(contains(refused(model({1.0F, 1.0F, 1.0F}, {0.0F, 1.0F}, 6)), "'steps: 4' there"));
  CHECK(contains(refused(model({1.0F, NAN, 1.0F}, {0.0F, 1.0F})), "not finite"));
  auto other = model({1.0F, 1.0F, 1.0F}, {0.0F, 1.0F});
  other.tensors["step_0_mixing.triangles"] = safetensors::to_tensor({1, 3}, {1.0F, 1.0F, 1.0F});
  CHECK(contains(refused(other), "misshapen"));
  other.tensors.erase("step_0_mixing.triangles");
  CHECK(contains(refused(other), "1 tensors"));
  CHECK(contains(refused(model({1e9F, 1.0F, 1.0F}, {0.0F, 1.0F})), "too large"));
}

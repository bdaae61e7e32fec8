// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <doctest/doctest.h>

#include "flow/law.hpp"
#include "flow/net.hpp"
#include "flow/ops.hpp"
#include "flow/wavenet_function.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

struct Problem {
  std::shared_ptr<flow::Net> net;
  Tensor x, features, g;
};

Problem problem(const config::NetConfig& config, int64_t T, int64_t B) {
  Problem p;
  p.net = flow::make_net(10, 20, 12, config);
  test::shake(*p.net, 0.1);
  p.x = torch::randn({T, B, 10}).requires_grad_(true);
  p.features = torch::randn({T, B, 12}).requires_grad_(true);
  p.g = torch::randn({T, B, 20});
  return p;
}

// The output, and the gradients of x, the features and every parameter.
std::vector<Tensor> run(const Problem& p) {
  const Tensor y = p.net->forward(p.x, p.features);
  std::vector<Tensor> inputs = {p.x, p.features};
  for (const Tensor& w : p.net->parameters()) inputs.push_back(w);
  std::vector<Tensor> all = torch::autograd::grad({y}, inputs, {p.g.to(y.scalar_type())});
  all.push_back(y.detach());
  return all;
}

Problem in_double(Problem p) {
  p.net->to(torch::kDouble);
  p.x = p.x.detach().to(torch::kDouble).requires_grad_(true);
  p.features = p.features.detach().to(torch::kDouble).requires_grad_(true);
  return p;
}

struct ThreadCount {
  explicit ThreadCount(int count) : before(at::get_num_threads()) { at::set_num_threads(count); }
  ~ThreadCount() { at::set_num_threads(before); }
  int before;
};

}  // namespace

TEST_CASE("the fused Wavenet and all its gradients equal the composed one in double") {
  torch::manual_seed(1);
  for (const bool causal : {true, false})
    for (const bool weight_norm : {true, false})
      for (const auto [layers, kernel, T, B] :
           {std::array<int, 4>{3, 3, 23, 5}, {1, 3, 2, 1}, {2, 1, 40, 4}, {4, 3, 5, 3}}) {
        config::NetConfig config;
        config.layers = layers;
        config.kernel = kernel;
        config.channels = 18;
        config.causal = causal;
        config.weight_norm = weight_norm;
        const Problem p = problem(config, T, B);
        REQUIRE(flow::takes_wavenet(p.x, p.features));
        const auto got = run(p), want = run(in_double(p));
        REQUIRE(got.size() == want.size());
        for (size_t i = 0; i < got.size(); ++i) {
          const Tensor difference = got[i].to(torch::kDouble) - want[i];
          CHECK(difference.norm().item<double>() <= 1e-5 * want[i].norm().item<double>());
        }
      }
}

TEST_CASE("the fused Wavenet with operands of bfloat16 stays close to float, its gradients too") {
  torch::manual_seed(4);
  const int64_t T = 37, B = 3, in = 10, H = 40, F = 12, out = 20, layers = 3, taps = 3;
  const auto normal = [](at::IntArrayRef sizes, double scale) {
    return (torch::randn(sizes) * scale).requires_grad_(true);
  };
  flow::WavenetWeights w{normal({H, 1, in}, 0.3),
                         normal({H}, 0.1),
                         normal({2 * H * layers, 1, F}, 0.2),
                         normal({2 * H * layers}, 0.1),
                         normal({out, 1, H}, 0.2),
                         normal({out}, 0.1),
                         {}};
  for (int64_t l = 0; l < layers; ++l)
    w.layers.push_back({normal({2 * H, taps, H}, 0.1), normal({2 * H}, 0.1),
                        normal({l + 1 < layers ? 2 * H : H, 1, H}, 0.15),
                        normal({l + 1 < layers ? 2 * H : H}, 0.1), 1 + l, 2 * (1 + l)});
  const Tensor x = normal({T, B, in}, 1.0), features = normal({T, B, F}, 1.0),
               g = torch::randn({T, B, out});
  std::vector<Tensor> inputs = {x, features, w.start, w.start_bias, w.cond, w.end};
  for (const auto& l : w.layers)
    inputs.insert(inputs.end(), {l.dilated, l.res_skip, l.res_skip_bias});
  const auto values = [&](bool bfloat16) {
    Tensor y;
    {
      const flow::Bfloat16Guard guard(bfloat16);
      y = flow::wavenet(x, features, w);
    }
    std::vector<Tensor> all = torch::autograd::grad({y}, inputs, {g});
    all.push_back(y.detach());
    return all;
  };
  const auto exact = values(false), rough = values(true);
  for (size_t i = 0; i < exact.size(); ++i) {
    CHECK_FALSE(torch::equal(rough[i], exact[i]));
    CHECK((rough[i] - exact[i]).norm().item<double>() < 0.01 * exact[i].norm().item<double>());
  }
  for (const int threads : {1, 3}) {
    const ThreadCount count(threads);
    const auto got = values(true);
    for (size_t i = 0; i < got.size(); ++i) CHECK(torch::equal(got[i], rough[i]));
  }
}

TEST_CASE("the fused Wavenet's gates saturate as tanh and sigmoid do") {
  torch::manual_seed(3);
  config::NetConfig config;
  config.layers = 2;
  config.channels = 18;
  Problem p = problem(config, 12, 2);
  for (const double scale : {30.0, 1e4, 1e8}) {
    p.x = (torch::randn({12, 2, 10}) * scale).requires_grad_(true);
    const Tensor got = p.net->forward(p.x, p.features).to(torch::kDouble);
    Problem exact = problem(config, 12, 2);
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < p.net->parameters().size(); ++i)
      exact.net->parameters()[i].copy_(p.net->parameters()[i]);
    exact.x = p.x, exact.features = p.features;
    exact = in_double(exact);
    const Tensor want = exact.net->forward(exact.x, exact.features);
    CHECK((got - want).norm().item<double>() <= 1e-5 * want.norm().item<double>());
  }
}

TEST_CASE(
    "the fused Wavenet gives the same bits for any number of threads, and without gradients") {
  torch::manual_seed(2);
  config::NetConfig config;
  config.layers = 2;
  config.channels = 64;
  config.causal = true;
  const Problem p = problem(config, 50, 3);
  const auto expected = run(p);
  for (const int threads : {1, 3, 8}) {
    const ThreadCount count(threads);
    const auto got = run(p);
    for (size_t i = 0; i < got.size(); ++i) CHECK(torch::equal(got[i], expected[i]));
    const torch::NoGradGuard no_grad;
    CHECK(torch::equal(p.net->forward(p.x, p.features), expected.back()));
  }
}

TEST_CASE("the fused Wavenet can be walked back twice, and leaves out what needs no gradient") {
  torch::manual_seed(3);
  config::NetConfig config;
  config.layers = 2;
  config.channels = 16;
  Problem p = problem(config, 9, 2);
  p.x = p.x.detach();
  const Tensor y = p.net->forward(p.x, p.features);
  const auto grad = [&] {
    return torch::autograd::grad({y}, {p.features}, {p.g}, /*retain_graph=*/true)[0];
  };
  const Tensor first = grad();
  CHECK(torch::equal(first, grad()));
}

// SPDX-License-Identifier: MIT
#include "flow/ops.hpp"

#include <doctest/doctest.h>

#include "flow/conv.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

// The same convolution by LibTorch's conv1d; x [T, B, C], weight [Cout, K, Cin].
Tensor reference_conv(const Tensor& x, const Tensor& w, const Tensor& b, int64_t dilation,
                      int64_t left) {
  const int64_t span = (w.size(1) - 1) * dilation;
  const Tensor padded = torch::constant_pad_nd(x.permute({1, 2, 0}), {left, span - left});
  return torch::conv1d(padded, w.permute({0, 2, 1}), b, 1, torch::IntArrayRef({0}), dilation)
      .permute({2, 0, 1});
}

struct Grads {
  Tensor x, w, b;
};

}  // namespace

TEST_CASE("conv and its gradients equal LibTorch's conv1d") {
  torch::manual_seed(1);
  for (const auto [kernel, dilation, left] :
       {std::array<int64_t, 3>{1, 1, 0}, {3, 1, 1}, {3, 2, 4}, {2, 3, 3}, {3, 8, 16}}) {
    const auto options = torch::TensorOptions().dtype(torch::kDouble).requires_grad(true);
    const Tensor x = torch::randn({7, 2, 3}, options);
    const Tensor w = torch::randn({5, kernel, 3}, options);
    const Tensor b = torch::randn({5}, options);
    const Tensor g = torch::randn({7, 2, 5}, torch::kDouble);
    const Tensor y = flow::conv(x, w, b, dilation, left);
    const Tensor expected = reference_conv(x, w, b, dilation, left);
    CHECK(torch::allclose(y, expected));
    const auto got = torch::autograd::grad({y}, {x, w, b}, {g});
    const auto want = torch::autograd::grad({expected}, {x, w, b}, {g});
    for (int i = 0; i < 3; ++i) CHECK(torch::allclose(got[i], want[i]));
  }
}

TEST_CASE("bfloat16 products stay close to float") {
  torch::manual_seed(2);
  const Tensor x = torch::randn({64, 4, 96}).requires_grad_(true);
  const Tensor w = (torch::randn({64, 3, 96}) / 17.0).requires_grad_(true);
  const Tensor b = torch::randn({64}).requires_grad_(true);
  const Tensor exact = flow::conv(x, w, b, 1, 2);
  Tensor rough;
  {
    const flow::Bfloat16Guard guard(true);
    rough = flow::conv(x, w, b, 1, 2);
  }
  CHECK((rough.scalar_type() == torch::kFloat));
  CHECK(!torch::equal(rough, exact));
  CHECK(((rough - exact).square().mean() / exact.square().mean()).sqrt().item<float>() < 0.01f);
  const auto a = torch::autograd::grad({rough.square().sum()}, {x, w, b});
  const auto c = torch::autograd::grad({exact.square().sum()}, {x, w, b});
  for (int i = 0; i < 3; ++i) CHECK(((a[i] - c[i]).norm() / c[i].norm()).item<float>() < 0.02f);
}

TEST_CASE("gate is tanh times sigmoid, with its gradient") {
  torch::manual_seed(3);
  const auto options = torch::TensorOptions().dtype(torch::kDouble).requires_grad(true);
  const Tensor a = torch::randn({5, 2, 8}, options), c = torch::randn({5, 2, 8}, options);
  const auto parts = (a + c).chunk(2, -1);
  const Tensor expected = torch::tanh(parts[0]) * torch::sigmoid(parts[1]);
  const Tensor y = flow::gate(a, c);
  CHECK(torch::allclose(y, expected));
  const Tensor g = torch::randn_like(expected);
  const auto got = torch::autograd::grad({y}, {a, c}, {g});
  const auto want = torch::autograd::grad({expected}, {a, c}, {g});
  for (int i = 0; i < 2; ++i) CHECK(torch::allclose(got[i], want[i]));
}

TEST_CASE("a depthwise convolution is a convolution with a diagonal weight") {
  torch::manual_seed(4);
  flow::DepthwiseConv layer(4, 3, 2, true);
  const Tensor x = torch::randn({6, 2, 4});
  const Tensor w = layer.named_parameters()["weight"], b = layer.named_parameters()["bias"];
  const Tensor dense = torch::diag_embed(w).permute({1, 0, 2}).contiguous();  // [C, K, C]
  CHECK(torch::allclose(layer.forward(x), flow::conv(x, dense, b, 2, 4), 1e-5, 1e-6));
}

TEST_CASE("weight normalisation: weight = g v / |v| for each output channel") {
  torch::manual_seed(5);
  flow::ConvOptions options;
  options.in = 3;
  options.out = 2;
  options.kernel = 3;
  options.weight_norm = true;
  flow::Conv layer(options);
  const auto p = layer.named_parameters();
  const Tensor v = p["weight_v"], g = p["weight_g"];
  CHECK(torch::allclose(layer.effective_weight(), v));  // g starts as |v|
  const torch::NoGradGuard no_grad;
  g.mul_(2.0);
  CHECK(torch::allclose(layer.effective_weight()[1], 2.0 * v[1]));
}

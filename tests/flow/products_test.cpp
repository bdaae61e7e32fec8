// SPDX-License-Identifier: MIT
#include "flow/products.hpp"

#include <doctest/doctest.h>
#include <torch/torch.h>

#include "flow/gate_kernels.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

float* floats(const Tensor& t) { return t.data_ptr<float>(); }
RowsView view(const Tensor& t) { return {floats(t), t.size(0), t.size(1)}; }

double largest_difference(const Tensor& got, const Tensor& expected) {
  return (got.to(torch::kDouble) - expected).abs().max().item<double>();
}

constexpr double kRounding = 1e-5;  // of sums of a few hundred products of normal numbers

constexpr flow::Operands kOperands[] = {flow::Operands::kFloat, flow::Operands::kBfloat16};

// As a product multiplies it.
Tensor operand(const Tensor& t, flow::Operands operands) {
  return (operands == flow::Operands::kFloat ? t : t.to(torch::kBFloat16)).to(torch::kDouble);
}

}  // namespace

TEST_CASE("products equal those in double at every kind of edge") {
  torch::manual_seed(1);
  for (const flow::Operands operands : kOperands)
    for (const auto [rows, depth, columns] : {std::array<int64_t, 3>{1, 1, 1},
                                              {3, 5, 7},
                                              {64, 192, 384},
                                              {13, 250, 49},
                                              {9, 500, 24},
                                              {130, 120, 80}}) {
      const Tensor a = torch::randn({rows, depth}), b = torch::randn({depth, columns});
      const Tensor bias = torch::randn({columns}), start = torch::randn({rows, columns});
      const Tensor product = torch::mm(operand(a, operands), operand(b, operands));
      flow::PackedMatrix packed(depth, columns, operands), transposed(depth, columns, operands);
      packed.fill(floats(b), columns, 1, 0, packed.panels());
      const Tensor bt = b.t().contiguous();
      for (int64_t panel = 0; panel < transposed.panels(); ++panel)
        transposed.fill(floats(bt), 1, depth, panel, panel + 1);

      Tensor c = torch::full({rows, columns}, std::nanf(""));
      flow::multiply(view(a), packed, view(c));
      CHECK(largest_difference(c, product) < kRounding * depth);
      flow::multiply(view(a), transposed, view(c), view(start), floats(bias));
      CHECK(largest_difference(c, product + start + bias) < kRounding * depth);
      flow::multiply(view(a), packed, view(c), view(c));
      CHECK(largest_difference(c, 2.0 * product + start + bias) < 2 * kRounding * depth);
    }
}

TEST_CASE("a row's product does not depend on the rows beside it") {
  torch::manual_seed(2);
  const int64_t rows = 71, depth = 96, columns = 40;
  const Tensor a = torch::randn({rows, depth}), b = torch::randn({depth, columns});
  for (const flow::Operands operands : kOperands) {
    flow::PackedMatrix packed(depth, columns, operands);
    packed.fill(floats(b), columns, 1, 0, packed.panels());
    const Tensor all = torch::empty({rows, columns}), one = torch::empty({1, columns});
    flow::multiply(view(a), packed, view(all));
    for (int64_t r = 0; r < rows; ++r) {
      flow::multiply(view(a).part(r, 1), packed, view(one));
      CHECK(torch::equal(all[r], one[0]));
    }
  }
}

TEST_CASE("gradients of weights equal those in double at every kind of edge") {
  torch::manual_seed(3);
  for (const flow::Operands operands : kOperands)
    for (const auto [rows, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                                    {5, 3, 7},
                                    {500, 48, 96},
                                    {241, 50, 31},
                                    {257, 150, 31}}) {
      const Tensor g = torch::randn({rows, n}), u = torch::randn({rows, k}),
                   v = torch::randn({rows, 2});
      const Tensor c = torch::full({n, k}, std::nanf("")), e = torch::full({n, 2}, std::nanf(""));
      std::vector<float> scratch;
      flow::multiply_transposed(view(g), n, {{view(u), k, view(c)}, {view(v), 2, view(e)}},
                                &scratch, operands);
      const Tensor gt = operand(g, operands).t();
      CHECK(largest_difference(c, gt.mm(operand(u, operands))) < kRounding * rows);
      CHECK(largest_difference(e, gt.mm(operand(v, operands))) < kRounding * rows);
    }
}

TEST_CASE("the gate's kernels equal tanh times sigmoid and its gradient, far out as well") {
  torch::manual_seed(4);
  const int64_t rows = 3, H = 21;
  Tensor u = torch::randn({rows, 2 * H}) * 3.0;
  u[0][0] = 200.0;
  u[0][1] = -200.0;
  u[1][H] = 200.0;
  u[1][H + 1] = -200.0;
  const Tensor exact = u.to(torch::kDouble).requires_grad_(true);
  const auto halves = exact.chunk(2, 1);
  const Tensor expected = torch::tanh(halves[0]) * torch::sigmoid(halves[1]);
  const Tensor factors = u.clone(), z = torch::empty({rows, H}), again = torch::empty({rows, H});
  flow::gate_forward(view(factors), H, view(z));
  CHECK(largest_difference(z, expected) < 1e-6);
  const Tensor g = torch::randn({rows, H}), grad = torch::empty({rows, 2 * H});
  flow::gate_backward(view(factors), view(g), H, view(grad), view(again));
  CHECK(torch::equal(again, z));
  const Tensor want = torch::autograd::grad({expected}, {exact}, {g.to(torch::kDouble)})[0];
  CHECK(largest_difference(grad, want) < 1e-6);
}

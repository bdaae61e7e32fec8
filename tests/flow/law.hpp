// SPDX-License-Identifier: MIT
// The laws of every invertible layer, checked in double at a small size.
#pragma once

#include <doctest/doctest.h>
#include <torch/torch.h>

#include <functional>
#include <vector>

#include "flow/layer.hpp"

namespace glowvox::test {

using torch::Tensor;

// log|det| of the Jacobian of f at x (x flattened), by autograd.
inline double jacobian_log_det(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  Tensor input = x.detach().clone().requires_grad_(true);
  const Tensor out = f(input).flatten();
  REQUIRE(out.numel() == input.numel());
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < out.numel(); ++i)
    rows.push_back(torch::autograd::grad({out[i]}, {input}, {}, true, false, true)[0].flatten());
  return std::get<1>(torch::linalg_slogdet(torch::stack(rows))).item<double>();
}

// Random non-trivial values for every parameter, so that no layer is tested as the identity.
inline void shake(torch::nn::Module& module, double scale) {
  const torch::NoGradGuard no_grad;
  for (Tensor& p : module.parameters()) p.add_(torch::randn_like(p) * scale);
}

// x: [T, B, C] double. inverse(forward(x)) = x, and for every clip of the batch log_det is the
// Jacobian's.
inline void check_laws(flow::Layer& layer, const Tensor& x, const flow::Condition& condition) {
  const flow::Output out = layer.forward(x, condition);
  CHECK(out.z.sizes() == x.sizes());
  REQUIRE(out.log_det.sizes() == torch::IntArrayRef({x.size(1)}));
  const Tensor back = layer.inverse(out.z, condition);
  CHECK((back - x).abs().max().item<double>() < 1e-9);
  for (int64_t b = 0; b < x.size(1); ++b) {
    const flow::Condition one{condition.mel.narrow(1, b, 1), condition.features.narrow(1, b, 1)};
    const double expected = jacobian_log_det(
        [&](const Tensor& input) { return layer.forward(input, one).z; }, x.narrow(1, b, 1));
    CHECK(out.log_det[b].item<double>() == doctest::Approx(expected).epsilon(1e-8));
  }
}

}  // namespace glowvox::test

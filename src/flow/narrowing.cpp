// SPDX-License-Identifier: MIT
#include "flow/narrowing.hpp"

#include <algorithm>
#include <limits>

namespace glowvox::flow {

namespace {

constexpr int64_t kUnsettled = 16;  // rows
// Of the mean variance: what keeps channels that say nothing from dividing by zero.
constexpr double kRidge = 1e-9;

Tensor with_ridge(const Tensor& covariance) {
  const Tensor ridge = covariance.diagonal().mean() * kRidge + std::numeric_limits<double>::min();
  return covariance + torch::eye(covariance.size(0), covariance.options()) * ridge;
}

}  // namespace

Tensor settled(const Tensor& x) {
  const int64_t first = std::min(kUnsettled, x.size(0) / 2);
  return x.narrow(0, first, x.size(0) - first).flatten(0, 1).to(torch::kDouble);
}

Tensor mean_of(const Tensor& rows) { return rows.mean(0); }

Tensor covariance_of(const Tensor& rows) {
  const Tensor around = rows - mean_of(rows);
  return at::mm(around.t(), around) / static_cast<double>(rows.size(0));
}

Tensor Projection::lost(const Tensor& mean) const { return mean - at::mv(up, at::mv(down, mean)); }

Projection::Map Projection::of(const Tensor& weight, const Tensor& bias, const Tensor& mean) const {
  const Tensor w = weight.to(torch::kDouble);
  return {at::matmul(w, up), bias.to(torch::kDouble) + at::mv(w.sum(1), lost(mean))};
}

// With S = R R (R symmetric), map x = (map R) (R^-1 x), and the best k directions of R^-1 x are the
// first right singular vectors of map R.
Projection reduced(const Tensor& covariance, const Tensor& map, int64_t k) {
  const auto [values, vectors] = at::linalg_eigh(with_ridge(covariance));
  const Tensor root = values.clamp_min(std::numeric_limits<double>::min()).sqrt();
  const Tensor R = at::mm(vectors * root, vectors.t());
  const Tensor inverse = at::mm(vectors / root, vectors.t());
  const Tensor seen = at::mm(map.to(torch::kDouble), R);
  const Tensor directions = std::get<1>(at::linalg_eigh(at::mm(seen.t(), seen)));
  const Tensor Q = directions.narrow(1, directions.size(1) - k, k);  // by rising eigenvalue
  return {at::mm(Q.t(), inverse), at::mm(R, Q)};
}

Tensor telling(const Tensor& covariance, const Tensor& map, int64_t k) {
  const Tensor m = map.to(torch::kDouble), squares = at::mm(m.t(), m);
  Tensor rest = with_ridge(covariance);  // of what the chosen ones do not tell
  Tensor open = torch::ones({rest.size(0)}, rest.options());
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < k; ++i) {
    const Tensor variance = rest.diagonal().clamp_min(std::numeric_limits<double>::min());
    const Tensor told = (rest * at::mm(squares, rest)).sum(0) / variance;
    const auto best = torch::where(open > 0, told, torch::full_like(told, -1)).argmax();
    chosen.push_back(best.item<int64_t>());
    open[chosen.back()] = 0;
    const Tensor column = rest.select(1, chosen.back());
    rest = rest - at::outer(column, column) / variance[chosen.back()];
  }
  std::sort(chosen.begin(), chosen.end());
  return torch::tensor(chosen, covariance.options().dtype(torch::kLong));
}

Projection::Map least_squares(const Tensor& x, const Tensor& y) {
  const Tensor x_mean = mean_of(x), y_mean = mean_of(y);
  const Tensor both = at::mm((x - x_mean).t(), y - y_mean) / static_cast<double>(x.size(0));
  const Tensor weight = at::linalg_solve(with_ridge(covariance_of(x)), both).t();
  return {weight.unsqueeze(1).contiguous(), y_mean - at::mv(weight, x_mean)};
}

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
#include "engine/lu.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/condition_number.hpp"
#include "engine/conversions.hpp"
#include "engine/kernels.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const RowMajor>;

constexpr int kBlock = 8;  // rows

double largest_singular_value(const View& W) {
  const RowMajor square = W.transpose() * W;
  const Eigen::SelfAdjointEigenSolver<RowMajor> solver(square, Eigen::EigenvaluesOnly);
  return std::sqrt(solver.eigenvalues()(W.rows() - 1));
}

}  // namespace

LuFactors::LuFactors(const std::vector<double>& W, int n) : n_(n), factors_(W.size()) {
  const Eigen::PartialPivLU<RowMajor> lu(View(W.data(), n, n));
  Eigen::Map<RowMajor>(factors_.data(), n, n) = lu.matrixLU();
  for (int r = 0; r < n; ++r) order_.push_back(lu.permutationP().indices()(r));
}

LuFactors::LuFactors(const StoredLu& stored, const std::string& where, const std::string& name)
    : n_(static_cast<int>(stored.log_s.size())),
      factors_(stored.triangles.begin(), stored.triangles.end()) {
  const auto& [triangles, sign, log_s, order] = stored;
  std::vector<bool> taken(log_s.size());
  for (int i = 0; i < n_; ++i) {
    const auto at = static_cast<std::size_t>(i);
    row(factors_, i)[i] = static_cast<double>(sign[at]) * std::exp(static_cast<double>(log_s[at]));
    const bool inside = order[at] >= 0.0F && order[at] < static_cast<float>(n_);
    const int from = inside ? static_cast<int>(order[at]) : 0;
    if (!inside || static_cast<float>(from) != order[at] || taken[static_cast<std::size_t>(from)])
      throw Error(where, name + ".order: is no permutation of the channels");
    taken[static_cast<std::size_t>(from)] = true;
    order_.push_back(from);
  }
}

std::vector<double> LuFactors::product() const {
  std::vector<double> U = factors_, W(factors_.size());
  for (int r = 0; r < n_; ++r) std::fill_n(row(U, r), r, 0.0);
  for (int r = 0; r < n_; ++r) {
    const int from = order_[static_cast<std::size_t>(r)];
    std::copy_n(row(U, from), n_, row(W, r));
    add_product({row(from), 1, n_}, {U.data(), from, n_}, n_, {row(W, r), 1, n_});
  }
  return W;
}

// L Y = I from above, U X = Y from below, a few rows at a time; then the columns of X back where
// W's rows came from.
std::vector<double> LuFactors::inverse(const std::string& where, const std::string& name) const {
  std::vector<double> X(factors_.size()), less(static_cast<std::size_t>(kBlock) * n_);
  const auto negate = [&](int first, int end) {
    std::transform(row(first), row(first) + static_cast<std::ptrdiff_t>(end - first) * n_,
                   less.begin(), std::negate<>());
  };
  for (int first = 0; first < n_; first += kBlock) {
    const int end = std::min(first + kBlock, n_);
    negate(first, end);
    add_product({less.data(), end - first, n_}, {X.data(), first, n_}, first,
                {row(X, first), end - first, n_});
    for (int r = first; r < end; ++r) {
      add_product({&less[static_cast<std::size_t>(r - first) * n_ + first], 1, n_},
                  {row(X, first), r - first, n_}, r, {row(X, r), 1, n_});
      row(X, r)[r] = 1.0;
    }
  }
  for (int first = (n_ - 1) / kBlock * kBlock; first >= 0; first -= kBlock) {
    const int end = std::min(first + kBlock, n_);
    negate(first, end);
    add_product({less.data() + end, end - first, n_},
                {X.data() + static_cast<std::ptrdiff_t>(end) * n_, n_ - end, n_}, n_,
                {row(X, first), end - first, n_});
    for (int r = end - 1; r >= first; --r) {
      double* to = row(X, r);
      add_product({less.data() + static_cast<std::ptrdiff_t>(r - first) * n_ + r + 1, 1, n_},
                  {to + n_, end - 1 - r, n_}, n_, {to, 1, n_});
      for (int c = 0; c < n_; ++c) to[c] /= row(r)[r];
    }
  }
  for (int r = 0; r < n_; ++r) {
    double* to = row(X, r);
    for (int c = 0; c < n_; ++c)
      less[static_cast<std::size_t>(c)] = to[order_[static_cast<std::size_t>(c)]];
    std::copy_n(less.begin(), n_, to);
  }
  check_condition(condition(X), where, name);
  return X;
}

// Bounded from above by Frobenius' norms (W's by those of its factors), which most matrices pass;
// the exact one takes longer than everything else here.
double LuFactors::condition(const std::vector<double>& inverse) const {
  const View inverted(inverse.data(), n_, n_);
  if (!inverted.allFinite()) return std::numeric_limits<double>::infinity();
  const double squares = View(factors_.data(), n_, n_).squaredNorm();
  const double bound = std::sqrt((squares + n_) * squares) * inverted.norm();
  if (bound < kLargestCondition) return bound;
  const std::vector<double> W = product();
  return largest_singular_value(View(W.data(), n_, n_)) * largest_singular_value(inverted);
}

double LuFactors::log_abs_determinant() const {
  return View(factors_.data(), n_, n_).diagonal().array().abs().log().sum();
}

}  // namespace glowvox::engine

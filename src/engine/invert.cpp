// SPDX-License-Identifier: MIT
#include "engine/invert.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <cmath>

#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kLargestCondition = 1e7;

RowMajor square(const std::vector<float>& values, Eigen::Index n) {
  return Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
             values.data(), n, n)
      .cast<double>();
}

double largest_singular_value(const RowMajor& W) {
  const RowMajor square = W.transpose() * W;
  const Eigen::SelfAdjointEigenSolver<RowMajor> solver(square, Eigen::EigenvaluesOnly);
  return std::sqrt(solver.eigenvalues()(W.rows() - 1));
}

}  // namespace

std::vector<double> invert(const std::vector<double>& W, int n, const std::string& where,
                           const std::string& name) {
  const Eigen::Map<const RowMajor> matrix(W.data(), n, n);
  std::vector<double> values(W.size());
  Eigen::Map<RowMajor> inverse(values.data(), n, n);
  inverse = Eigen::PartialPivLU<RowMajor>(matrix).inverse();
  // By Frobenius' norms, which bound the condition number from above; the exact one takes longer
  // than everything else here.
  double condition = matrix.norm() * inverse.norm();
  if (!(condition < kLargestCondition)) {
    condition = largest_singular_value(matrix) * largest_singular_value(inverse);
  }
  if (!(condition < kLargestCondition))
    throw Error(where,
                fmt::format("{}: the mixing matrix cannot be inverted: condition number {:.3g}, "
                            "expected below {:.0e}",
                            name, condition, kLargestCondition),
                "train with mixing: lu, a lower rate or from an earlier checkpoint");
  return values;
}

double log_abs_determinant(const std::vector<double>& W, int n) {
  const Eigen::PartialPivLU<RowMajor> lu(Eigen::Map<const RowMajor>(W.data(), n, n));
  return lu.matrixLU().diagonal().array().abs().log().sum();
}

std::vector<double> multiply_lu(const std::vector<float>& triangles, const std::vector<float>& sign,
                                const std::vector<float>& log_s, const std::vector<float>& order,
                                const std::string& where, const std::string& name) {
  const auto n = static_cast<Eigen::Index>(log_s.size());
  const auto both = square(triangles, n);
  RowMajor L = both.triangularView<Eigen::StrictlyLower>();
  L.diagonal().setOnes();
  RowMajor U = both.triangularView<Eigen::StrictlyUpper>();
  std::vector<bool> taken(log_s.size());
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    U(i, i) = static_cast<double>(sign[at]) * std::exp(static_cast<double>(log_s[at]));
    const bool inside = order[at] >= 0.0F && order[at] < static_cast<float>(n);
    const auto row = inside ? static_cast<std::size_t>(order[at]) : 0;
    if (!inside || static_cast<float>(row) != order[at] || taken[row])
      throw Error(where, name + ".order: is no permutation of the channels");
    taken[row] = true;
  }
  const RowMajor product = L * U;
  RowMajor W(n, n);
  for (Eigen::Index i = 0; i < n; ++i)
    W.row(i) = product.row(static_cast<Eigen::Index>(order[static_cast<std::size_t>(i)]));
  return {W.data(), W.data() + W.size()};
}

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
// Mixing matrices by their LU decomposition: W = P L U (Glow, equation 10).
#pragma once

#include <string>
#include <vector>

namespace glowvox::engine {

// A decomposition as a model stores it: triangles [n][n] holds L below its diagonal, which is 1,
// and U above it, whose diagonal is sign * exp(log_s), [n] each; row r of W is row order[r] of L U.
struct StoredLu {
  std::vector<float> triangles, sign, log_s, order;
};

// All in double; matrices are [n][n], row by row.
class LuFactors {
 public:
  // Of any matrix, by partial pivoting.
  LuFactors(const std::vector<double>& W, int n);

  // Throws Error with `where` and `name` when order is no permutation.
  LuFactors(const StoredLu& stored, const std::string& where, const std::string& name);

  // W.
  std::vector<double> product() const;

  // The inverse of W. Throws Error with `where` and `name` when W's condition number is too large
  // (check_condition).
  std::vector<double> inverse(const std::string& where, const std::string& name) const;

  // log|det W|.
  double log_abs_determinant() const;

 private:
  double* row(std::vector<double>& matrix, int r) const {
    return &matrix[static_cast<std::size_t>(r) * static_cast<std::size_t>(n_)];
  }
  const double* row(int r) const {
    return &factors_[static_cast<std::size_t>(r) * static_cast<std::size_t>(n_)];
  }
  double condition(const std::vector<double>& inverse) const;

  int n_;
  std::vector<double> factors_;  // L below the diagonal, whose own is 1, U on it and above
  std::vector<int> order_;
};

}  // namespace glowvox::engine

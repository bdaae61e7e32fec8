// SPDX-License-Identifier: MIT
// Mixing matrices, inverted once.
#pragma once

#include <string>
#include <vector>

namespace glowvox::engine {

// The inverse of W [n][n] in double. Throws Error with `where` when the condition number is 1e7 or
// more (beyond it the inverse in float keeps no digit of a 16-bit sample).
std::vector<double> invert(const std::vector<double>& W, int n, const std::string& where,
                           const std::string& name);

// log|det W|.
double log_abs_determinant(const std::vector<double>& W, int n);

// W = P L (U + diag(sign * exp(log_s))) (Glow, equation 10): triangles [n][n] holds L below its
// diagonal and U above it; row r of W is row order[r] of the product. Throws Error with `where`
// and `name` when order is no permutation.
std::vector<double> multiply_lu(const std::vector<float>& triangles, const std::vector<float>& sign,
                                const std::vector<float>& log_s, const std::vector<float>& order,
                                const std::string& where, const std::string& name);

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
// What happens between the products of a gated network, in float on CPUs. Compiled for every
// instruction set, chosen at run time (Highway).
#pragma once

#include "flow/products.hpp"

namespace glowvox::flow {

// u [rows, 2H] becomes [tanh(u_1) | sigmoid(u_2)], and z [rows, H] their product.
void gate_forward(Rows u, std::int64_t rows, std::int64_t H, Rows z);

// From the gate's factors and the gradient of z: that of u [rows, 2H], and z once more.
void gate_backward(ConstRows factors, ConstRows grad_z, std::int64_t rows, std::int64_t H,
                   Rows grad_u, Rows z);

// sums[j] = sum over rows of x[row, j], for j < columns.
void column_sums(ConstRows x, std::int64_t rows, std::int64_t columns, float* sums);

}  // namespace glowvox::flow

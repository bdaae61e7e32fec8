// SPDX-License-Identifier: MIT
// What happens between the products of a gated network, in float on CPUs. Compiled for every
// instruction set, chosen at run time (Highway).
#pragma once

#include "core/rows_view.hpp"

namespace glowvox::flow {

// u [rows, 2H] becomes [tanh(u_1) | sigmoid(u_2)], and z [rows, H] their product.
void gate_forward(RowsView u, std::int64_t H, RowsView z);

// From the gate's factors and the gradient of z: that of u [rows, 2H], and z once more.
void gate_backward(ConstRowsView factors, ConstRowsView grad_z, std::int64_t H, RowsView grad_u,
                   RowsView z);

// sums[j] = sum over rows of x[row, j], for j < columns.
void column_sums(ConstRowsView x, std::int64_t columns, float* sums);

}  // namespace glowvox::flow

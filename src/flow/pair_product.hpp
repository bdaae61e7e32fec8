// SPDX-License-Identifier: MIT
// Products of bfloat16 with a right side that changes: in blocks of columns, of which pairs of
// inputs lie together (engine::amx::Weights).
#pragma once

#include "engine/amx.hpp"
#include "engine/product.hpp"

namespace glowvox::flow {

// Whether the processor has instructions for them, of those that may be used
// (engine::instruction_set).
bool has_pair_products();

// y[rows][columns] = the sums over taps and inputs, or added to what is there; every sum in one
// order whatever the number of rows. x: bfloat16, the row of the first output's first tap. By
// tiles, else by AVX-512's dot products of pairs, else slowly.
void multiply_pairs(const engine::amx::Weights& right, const engine::Layout& layout, const void* x,
                    float* y, int rows, engine::Write write);

}  // namespace glowvox::flow

// SPDX-License-Identifier: MIT
// What happens between the matrix products, a whole vector at a time: `columns` below is a padded
// number, and every row has room for so many floats (twice as many where it is [u | v]). What is
// read says how many rows there are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/rows_view.hpp"
#include "engine/product.hpp"

namespace glowvox::engine {

// A place for activations: float, bfloat16 or both; a null pointer is not written.
struct Target {
  Target() = default;
  Target(RowsView rows) : full(rows.data), stride(rows.stride) {}
  float* full = nullptr;
  std::uint16_t* bfloat16 = nullptr;
  std::ptrdiff_t stride = 0;  // elements from a row to the next

  Target from(std::int64_t first) const {
    Target rest = *this;
    if (full != nullptr) rest.full += first * stride;
    if (bfloat16 != nullptr) rest.bfloat16 += first * stride;
    return rest;
  }
};

// out = tanh(u) * sigmoid(v), where a row of pre is [u | v], and bias is added first.
void gate(ConstRowsView pre, const float* bias, int columns, const Target& out);

// out = (x, where given) + y + bias.
void add_bias(ConstRowsView y, const float* bias, int columns, const Target& out,
              ConstRowsView x = {});

void copy(ConstRowsView x, int columns, const Target& out);

// out = x * scale + shift.
void scale_and_shift(ConstRowsView x, const float* scale, const float* shift, int columns,
                     const Target& out);

// out = bias + sum over k of x[k * x_tap] * weight[k * columns].
struct DepthwiseFilter {
  const float* weight;
  int taps;
  std::int64_t x_tap;
};
void depthwise(ConstRowsView x, DepthwiseFilter filter, const float* bias, int columns,
               const Target& out);

// out = gelu(x + bias), the exact one: x * (1 + erf(x / sqrt(2))) / 2.
void gelu(ConstRowsView x, const float* bias, int columns, const Target& out);

// The inverse of a coupling: x = (x - t) * exp(-log_s), a row of net being [t | log_s] (additive:
// [t]), bias added first; log_s = bound * tanh(raw / bound) where bound > 0.
struct CouplingRule {
  bool affine = true;
  float bound = 0.0F;
};
void invert_coupling(const CouplingRule& rule, ConstRowsView net, const float* bias, int columns,
                     RowsView x);

// The coupling itself: x = x * exp(log_s) + t. The net's log_s are replaced by those that were
// used, bias added and bounded: a row's log-determinant is their sum.
void apply_coupling(const CouplingRule& rule, RowsView net, const float* bias, int columns,
                    RowsView x);

// x = (x + t) * exp(log_s), a row of net being [t | log_s], bias added first.
void apply_scale_shift(ConstRowsView net, const float* bias, int columns, RowsView x);

// Its inverse: x = x * exp(-log_s) - t. The net's log_s are replaced by those that were used.
void undo_scale_shift(RowsView net, const float* bias, int columns, RowsView x);

// The first columns of C += A B, of any sizes: C has A's rows, and A as many columns as B rows.
void add_product(ConstRowsView A, ConstRowsView B, int columns, RowsView C);
void add_product(BasicRowsView<const double> A, BasicRowsView<const double> B, int columns,
                 BasicRowsView<double> C);

}  // namespace glowvox::engine

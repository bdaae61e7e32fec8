// SPDX-License-Identifier: MIT
// What happens between the matrix products, a whole vector at a time: every row pointer points to
// padded(columns) floats, and `columns` below is that padded number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/product.hpp"

namespace glowvox::engine {

// A place for activations: float, bfloat16 (half) or both; a null pointer is not written.
struct Target {
  float* full = nullptr;
  std::uint16_t* half = nullptr;
  int row = 0;  // elements between rows
};

// out = tanh(u) * sigmoid(v), where a row of pre is [u | v], 2 * columns, and bias is added first.
void gate(const float* pre, int pre_row, const float* bias, int columns, int rows,
          const Target& out);

// out = (x, where not null) + y + bias.
void add_bias(const float* x, int x_row, const float* y, int y_row, const float* bias, int columns,
              int rows, const Target& out);

void copy(const float* x, int x_row, int columns, int rows, const Target& out);

// out = x * scale + shift.
void scale_and_shift(const float* x, int x_row, const float* scale, const float* shift, int columns,
                     int rows, const Target& out);

// out = bias + sum over k of x[k * x_tap] * weight[k * columns].
void depthwise(const float* x, int x_row, std::int64_t x_tap, const float* weight, int taps,
               const float* bias, int columns, int rows, const Target& out);

// out = gelu(x + bias), the exact one: x * (1 + erf(x / sqrt(2))) / 2.
void gelu(const float* x, int x_row, const float* bias, int columns, int rows, const Target& out);

// The inverse of a coupling: x = (x - t) * exp(-log_s), a row of net being [t | log_s] (additive:
// [t]), bias added first; log_s = bound * tanh(raw / bound) where bound > 0.
struct CouplingRule {
  bool affine = true;
  float bound = 0.0F;
};
void invert_coupling(const CouplingRule& rule, const float* net, int net_row, const float* bias,
                     int columns, int rows, float* x, int x_row);

// The coupling itself: x = x * exp(log_s) + t. The net's log_s are replaced by those that were
// used, bias added and bounded: a row's log-determinant is their sum.
void apply_coupling(const CouplingRule& rule, float* net, int net_row, const float* bias,
                    int columns, int rows, float* x, int x_row);

// x = (x + t) * exp(log_s), a row of net being [t | log_s], bias added first.
void apply_scale_shift(const float* net, int net_row, const float* bias, int columns, int rows,
                       float* x, int x_row);

// Its inverse: x = x * exp(-log_s) - t. The net's log_s are replaced by those that were used.
void undo_scale_shift(float* net, int net_row, const float* bias, int columns, int rows, float* x,
                      int x_row);

// C[rows][columns] += A[rows][inner] B[inner][columns], of any sizes; their rows lie a_row, b_row
// and c_row elements apart.
void add_product(const float* A, int a_row, const float* B, int b_row, int rows, int inner,
                 int columns, float* C, int c_row);
void add_product(const double* A, int a_row, const double* B, int b_row, int rows, int inner,
                 int columns, double* C, int c_row);

// to[c * to_row + r] = from[r * columns + c].
void transpose(const std::uint32_t* from, int rows, int columns, std::uint32_t* to, int to_row);

// To nearest, ties to even.
void to_bfloat16(const float* from, std::size_t count, std::uint16_t* to);

// IEEE half precision, little endian, at any address, to float.
void decode_half(const char* from, std::size_t count, float* to);

}  // namespace glowvox::engine

// SPDX-License-Identifier: MIT
#include "engine/kernels.hpp"

// One body, compiled for every instruction set that makes a difference, chosen when it runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels.cpp"
// It includes this file again, once for each of them, and must stand first.
// clang-format off
#include "core/highway_targets.hpp"
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
#include "engine/bfloat16-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

HWY_INLINE V value(float x) { return hn::Set(d, x); }

HWY_INLINE void store(V x, const Target& out, std::int64_t r, int c) {
  const std::ptrdiff_t at = r * out.stride + c;
  if (out.full != nullptr) hn::StoreU(x, d, out.full + at);
  if (out.bfloat16 != nullptr) store_bfloat16(x, out.bfloat16 + at);
}

// Calls body(r, c) for every vector.
template <typename Body>
HWY_INLINE void for_each(int columns, std::int64_t rows, const Body& body) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < columns; c += static_cast<int>(hn::Lanes(d))) body(r, c);
}

HWY_INLINE V load(ConstRowsView x, std::int64_t r, int c) { return hn::LoadU(d, x.row(r) + c); }

// With E = exp(2 u) and G = exp(-v): (E - 1) / ((E + 1) (1 + G)). Beyond 9 tanh is 1 in float,
// below -80 sigmoid is 0.
void gate(ConstRowsView pre, const float* bias, int columns, const Target& out) {
  const V one = value(1.0F);
  for_each(columns, pre.count, [&](std::int64_t r, int c) HWY_ATTR {
    const V u = hn::Add(load(pre, r, c), hn::LoadU(d, bias + c));
    const V v = hn::Add(load(pre, r, columns + c), hn::LoadU(d, bias + columns + c));
    const V bounded = hn::Min(hn::Max(u, value(-9.0F)), value(9.0F));
    const V E = hn::Exp(d, hn::Add(bounded, bounded));
    const V G = hn::Exp(d, hn::Min(hn::Neg(v), value(80.0F)));
    const V below = hn::Mul(hn::Add(E, one), hn::Add(one, G));
    store(hn::Div(hn::Sub(E, one), below), out, r, c);
  });
}

void add_bias(ConstRowsView y, const float* bias, int columns, const Target& out, ConstRowsView x) {
  for_each(columns, y.count, [&](std::int64_t r, int c) HWY_ATTR {
    V sum = hn::Add(load(y, r, c), hn::LoadU(d, bias + c));
    if (x.data != nullptr) sum = hn::Add(load(x, r, c), sum);
    store(sum, out, r, c);
  });
}

void copy(ConstRowsView x, int columns, const Target& out) {
  for_each(columns, x.count,
           [&](std::int64_t r, int c) HWY_ATTR { store(load(x, r, c), out, r, c); });
}

void scale_and_shift(ConstRowsView x, const float* scale, const float* shift, int columns,
                     const Target& out) {
  for_each(columns, x.count, [&](std::int64_t r, int c) HWY_ATTR {
    store(hn::MulAdd(load(x, r, c), hn::LoadU(d, scale + c), hn::LoadU(d, shift + c)), out, r, c);
  });
}

void depthwise(ConstRowsView x, DepthwiseFilter filter, const float* bias, int columns,
               const Target& out) {
  for_each(columns, x.count, [&](std::int64_t r, int c) HWY_ATTR {
    V sum = hn::LoadU(d, bias + c);
    for (int k = 0; k < filter.taps; ++k) {
      const V tap = hn::LoadU(d, x.row(r) + k * filter.x_tap + c);
      sum = hn::MulAdd(tap, hn::LoadU(d, filter.weight + k * columns + c), sum);
    }
    store(sum, out, r, c);
  });
}

// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
HWY_INLINE V erf(V x) {
  const V size = hn::Abs(x);
  const V t = hn::Div(value(1.0F), hn::MulAdd(value(0.3275911F), size, value(1.0F)));
  V p = hn::MulAdd(value(1.061405429F), t, value(-1.453152027F));
  p = hn::MulAdd(p, t, value(1.421413741F));
  p = hn::MulAdd(p, t, value(-0.284496736F));
  p = hn::MulAdd(p, t, value(0.254829592F));
  const V tail = hn::Mul(hn::Mul(p, t), hn::Exp(d, hn::Neg(hn::Mul(x, x))));
  return hn::CopySign(hn::Sub(value(1.0F), tail), x);
}

void gelu(ConstRowsView x, const float* bias, int columns, const Target& out) {
  for_each(columns, x.count, [&](std::int64_t r, int c) HWY_ATTR {
    const V v = hn::Add(load(x, r, c), hn::LoadU(d, bias + c));
    const V half = hn::Mul(v, value(0.5F));
    store(hn::MulAdd(half, erf(hn::Mul(v, value(0.70710678118654752F))), half), out, r, c);
  });
}

HWY_INLINE V bounded_log_scale(V raw, float bound) {
  if (bound <= 0.0F) return raw;
  return hn::Mul(hn::Tanh(d, hn::Mul(raw, value(1.0F / bound))), value(bound));
}

void invert_coupling(const CouplingRule& rule, ConstRowsView net, const float* bias, int columns,
                     RowsView x) {
  for_each(columns, x.count, [&](std::int64_t r, int c) HWY_ATTR {
    float* at = x.row(r) + c;
    const V t = hn::Add(load(net, r, c), hn::LoadU(d, bias + c));
    V y = hn::Sub(hn::LoadU(d, at), t);
    if (rule.affine) {
      const V raw = hn::Add(load(net, r, columns + c), hn::LoadU(d, bias + columns + c));
      y = hn::Mul(y, hn::Exp(d, hn::Neg(bounded_log_scale(raw, rule.bound))));
    }
    hn::StoreU(y, d, at);
  });
}

void apply_coupling(const CouplingRule& rule, RowsView net, const float* bias, int columns,
                    RowsView x) {
  for_each(columns, x.count, [&](std::int64_t r, int c) HWY_ATTR {
    float* at = x.row(r) + c;
    float* raw = net.row(r) + columns + c;
    V y = hn::LoadU(d, at);
    if (rule.affine) {
      const V biased = hn::Add(hn::LoadU(d, raw), hn::LoadU(d, bias + columns + c));
      const V log_s = bounded_log_scale(biased, rule.bound);
      hn::StoreU(log_s, d, raw);
      y = hn::Mul(y, hn::Exp(d, log_s));
    }
    hn::StoreU(hn::Add(y, hn::Add(load(net, r, c), hn::LoadU(d, bias + c))), d, at);
  });
}

void apply_scale_shift(ConstRowsView net, const float* bias, int columns, RowsView x) {
  for_each(columns, x.count, [&](std::int64_t r, int c) HWY_ATTR {
    float* at = x.row(r) + c;
    const V t = hn::Add(load(net, r, c), hn::LoadU(d, bias + c));
    const V log_s = hn::Add(load(net, r, columns + c), hn::LoadU(d, bias + columns + c));
    hn::StoreU(hn::Mul(hn::Add(hn::LoadU(d, at), t), hn::Exp(d, log_s)), d, at);
  });
}

void undo_scale_shift(RowsView net, const float* bias, int columns, RowsView x) {
  for_each(columns, x.count, [&](std::int64_t r, int c) HWY_ATTR {
    float* at = x.row(r) + c;
    float* raw = net.row(r) + columns + c;
    const V t = hn::Add(load(net, r, c), hn::LoadU(d, bias + c));
    const V log_s = hn::Add(hn::LoadU(d, raw), hn::LoadU(d, bias + columns + c));
    hn::StoreU(log_s, d, raw);
    hn::StoreU(hn::Sub(hn::Mul(hn::LoadU(d, at), hn::Exp(d, hn::Neg(log_s))), t), d, at);
  });
}

// kRows rows of C and four of B at a time: C's stay in the first cache while B's stream by.
template <int kRows, typename T>
HWY_INLINE void add_product_rows(BasicRowsView<const T> A, BasicRowsView<const T> B, int columns,
                                 BasicRowsView<T> C) {
  const hn::ScalableTag<T> dt;
  const int lanes = static_cast<int>(hn::Lanes(dt));
  const int inner = static_cast<int>(B.count);
  int k = 0;
  for (; k + 4 <= inner; k += 4) {
    const T* b = B.row(k);
    int c = 0;
    for (; c + lanes <= columns; c += lanes) {
      const auto b0 = hn::LoadU(dt, b + c), b1 = hn::LoadU(dt, b + B.stride + c),
                 b2 = hn::LoadU(dt, b + 2 * B.stride + c), b3 = hn::LoadU(dt, b + 3 * B.stride + c);
      for (int r = 0; r < kRows; ++r) {
        const T* a = A.row(r) + k;
        T* to = C.row(r) + c;
        auto sum = hn::MulAdd(hn::Set(dt, a[0]), b0, hn::LoadU(dt, to));
        sum = hn::MulAdd(hn::Set(dt, a[1]), b1, sum);
        sum = hn::MulAdd(hn::Set(dt, a[2]), b2, sum);
        hn::StoreU(hn::MulAdd(hn::Set(dt, a[3]), b3, sum), dt, to);
      }
    }
    for (; c < columns; ++c)
      for (int r = 0; r < kRows; ++r)
        for (int i = 0; i < 4; ++i) C.row(r)[c] += A.row(r)[k + i] * B.row(k + i)[c];
  }
  for (; k < inner; ++k)
    for (int r = 0; r < kRows; ++r)
      for (int c = 0; c < columns; ++c) C.row(r)[c] += A.row(r)[k] * B.row(k)[c];
}

template <typename T>
HWY_INLINE void add_any_product(BasicRowsView<const T> A, BasicRowsView<const T> B, int columns,
                                BasicRowsView<T> C) {
  std::int64_t r = 0;
  for (; r + 4 <= A.count; r += 4) add_product_rows<4>(A.part(r, 4), B, columns, C.part(r, 4));
  for (; r < A.count; ++r) add_product_rows<1>(A.part(r, 1), B, columns, C.part(r, 1));
}

void add_float_product(ConstRowsView A, ConstRowsView B, int columns, RowsView C) {
  add_any_product(A, B, columns, C);
}

void add_double_product(BasicRowsView<const double> A, BasicRowsView<const double> B, int columns,
                        BasicRowsView<double> C) {
#if HWY_HAVE_FLOAT64
  add_any_product(A, B, columns, C);
#else
  for (std::int64_t r = 0; r < A.count; ++r)
    for (std::int64_t k = 0; k < B.count; ++k)
      for (int c = 0; c < columns; ++c) C.row(r)[c] += A.row(r)[k] * B.row(k)[c];
#endif
}

}  // namespace glowvox::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::engine {

HWY_EXPORT(gate);
HWY_EXPORT(add_bias);
HWY_EXPORT(copy);
HWY_EXPORT(scale_and_shift);
HWY_EXPORT(depthwise);
HWY_EXPORT(gelu);
HWY_EXPORT(invert_coupling);
HWY_EXPORT(apply_coupling);
HWY_EXPORT(apply_scale_shift);
HWY_EXPORT(undo_scale_shift);
HWY_EXPORT(add_float_product);
HWY_EXPORT(add_double_product);

void gate(ConstRowsView pre, const float* bias, int columns, const Target& out) {
  HWY_DYNAMIC_DISPATCH(gate)(pre, bias, columns, out);
}
void add_bias(ConstRowsView y, const float* bias, int columns, const Target& out, ConstRowsView x) {
  HWY_DYNAMIC_DISPATCH(add_bias)(y, bias, columns, out, x);
}
void copy(ConstRowsView x, int columns, const Target& out) {
  HWY_DYNAMIC_DISPATCH(copy)(x, columns, out);
}
void scale_and_shift(ConstRowsView x, const float* scale, const float* shift, int columns,
                     const Target& out) {
  HWY_DYNAMIC_DISPATCH(scale_and_shift)(x, scale, shift, columns, out);
}
void depthwise(ConstRowsView x, DepthwiseFilter filter, const float* bias, int columns,
               const Target& out) {
  HWY_DYNAMIC_DISPATCH(depthwise)(x, filter, bias, columns, out);
}
void gelu(ConstRowsView x, const float* bias, int columns, const Target& out) {
  HWY_DYNAMIC_DISPATCH(gelu)(x, bias, columns, out);
}
void invert_coupling(const CouplingRule& rule, ConstRowsView net, const float* bias, int columns,
                     RowsView x) {
  HWY_DYNAMIC_DISPATCH(invert_coupling)(rule, net, bias, columns, x);
}
void apply_coupling(const CouplingRule& rule, RowsView net, const float* bias, int columns,
                    RowsView x) {
  HWY_DYNAMIC_DISPATCH(apply_coupling)(rule, net, bias, columns, x);
}
void apply_scale_shift(ConstRowsView net, const float* bias, int columns, RowsView x) {
  HWY_DYNAMIC_DISPATCH(apply_scale_shift)(net, bias, columns, x);
}
void undo_scale_shift(RowsView net, const float* bias, int columns, RowsView x) {
  HWY_DYNAMIC_DISPATCH(undo_scale_shift)(net, bias, columns, x);
}
void add_product(ConstRowsView A, ConstRowsView B, int columns, RowsView C) {
  HWY_DYNAMIC_DISPATCH(add_float_product)(A, B, columns, C);
}
void add_product(BasicRowsView<const double> A, BasicRowsView<const double> B, int columns,
                 BasicRowsView<double> C) {
  HWY_DYNAMIC_DISPATCH(add_double_product)(A, B, columns, C);
}

}  // namespace glowvox::engine
#endif  // HWY_ONCE

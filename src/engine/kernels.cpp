// SPDX-License-Identifier: MIT
#include "engine/kernels.hpp"

#include <cstring>

// One body, compiled for every instruction set that makes a difference, chosen when it runs.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels.cpp"
// It includes this file again, once for each of them, and must stand first.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kVector>;
using V = hn::Vec<D>;
constexpr D d;

HWY_INLINE V value(float x) { return hn::Set(d, x); }

// To nearest, ties to even.
HWY_INLINE void store_half(V x, std::uint16_t* to) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<std::uint16_t, D> dh;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  const auto rounded = hn::ShiftRight<16>(hn::Add(hn::Add(bits, hn::Set(du, 0x7fffu)), odd));
  hn::StoreU(hn::DemoteTo(dh, hn::BitCast(hn::RebindToSigned<D>(), rounded)), dh, to);
}

HWY_INLINE void store(V x, const Target& out, int r, int c) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(r) * out.row + c;
  if (out.full != nullptr) hn::StoreU(x, d, out.full + at);
  if (out.half != nullptr) store_half(x, out.half + at);
}

// Calls body(r, c) for every vector.
template <typename Body>
HWY_INLINE void for_each(int columns, int rows, const Body& body) {
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; c += static_cast<int>(hn::Lanes(d))) body(r, c);
}

HWY_INLINE V load(const float* x, int row, int r, int c) {
  return hn::LoadU(d, x + static_cast<std::ptrdiff_t>(r) * row + c);
}

// With E = exp(2 u) and G = exp(-v): (E - 1) / ((E + 1) (1 + G)). Beyond 9 tanh is 1 in float,
// below -80 sigmoid is 0.
void gate(const float* pre, int pre_row, const float* bias, int columns, int rows,
          const Target& out) {
  const V one = value(1.0F);
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    const V u = hn::Add(load(pre, pre_row, r, c), hn::LoadU(d, bias + c));
    const V v = hn::Add(load(pre, pre_row, r, columns + c), hn::LoadU(d, bias + columns + c));
    const V bounded = hn::Min(hn::Max(u, value(-9.0F)), value(9.0F));
    const V E = hn::Exp(d, hn::Add(bounded, bounded));
    const V G = hn::Exp(d, hn::Min(hn::Neg(v), value(80.0F)));
    const V below = hn::Mul(hn::Add(E, one), hn::Add(one, G));
    store(hn::Div(hn::Sub(E, one), below), out, r, c);
  });
}

void add_bias(const float* x, int x_row, const float* y, int y_row, const float* bias, int columns,
              int rows, const Target& out) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    V sum = hn::Add(load(y, y_row, r, c), hn::LoadU(d, bias + c));
    if (x != nullptr) sum = hn::Add(load(x, x_row, r, c), sum);
    store(sum, out, r, c);
  });
}

void copy(const float* x, int x_row, int columns, int rows, const Target& out) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR { store(load(x, x_row, r, c), out, r, c); });
}

void scale_and_shift(const float* x, int x_row, const float* scale, const float* shift, int columns,
                     int rows, const Target& out) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    store(hn::MulAdd(load(x, x_row, r, c), hn::LoadU(d, scale + c), hn::LoadU(d, shift + c)), out,
          r, c);
  });
}

void depthwise(const float* x, int x_row, std::int64_t x_tap, const float* weight, int taps,
               const float* bias, int columns, int rows, const Target& out) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    V sum = hn::LoadU(d, bias + c);
    for (int k = 0; k < taps; ++k) {
      const float* tap = x + k * x_tap;
      sum = hn::MulAdd(load(tap, x_row, r, c), load(weight, columns, k, c), sum);
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

void gelu(const float* x, int x_row, const float* bias, int columns, int rows, const Target& out) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    const V v = hn::Add(load(x, x_row, r, c), hn::LoadU(d, bias + c));
    const V half = hn::Mul(v, value(0.5F));
    store(hn::MulAdd(half, erf(hn::Mul(v, value(0.70710678118654752F))), half), out, r, c);
  });
}

HWY_INLINE V bounded_log_scale(V raw, float bound) {
  if (bound <= 0.0F) return raw;
  return hn::Mul(hn::Tanh(d, hn::Mul(raw, value(1.0F / bound))), value(bound));
}

void invert_coupling(const CouplingRule& rule, const float* net, int net_row, const float* bias,
                     int columns, int rows, float* x, int x_row) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    float* at = x + static_cast<std::ptrdiff_t>(r) * x_row + c;
    const V t = hn::Add(load(net, net_row, r, c), hn::LoadU(d, bias + c));
    V y = hn::Sub(hn::LoadU(d, at), t);
    if (rule.affine) {
      const V raw = hn::Add(load(net, net_row, r, columns + c), hn::LoadU(d, bias + columns + c));
      y = hn::Mul(y, hn::Exp(d, hn::Neg(bounded_log_scale(raw, rule.bound))));
    }
    hn::StoreU(y, d, at);
  });
}

void apply_coupling(const CouplingRule& rule, float* net, int net_row, const float* bias,
                    int columns, int rows, float* x, int x_row) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    float* at = x + static_cast<std::ptrdiff_t>(r) * x_row + c;
    float* raw = net + static_cast<std::ptrdiff_t>(r) * net_row + columns + c;
    V y = hn::LoadU(d, at);
    if (rule.affine) {
      const V biased = hn::Add(hn::LoadU(d, raw), hn::LoadU(d, bias + columns + c));
      const V log_s = bounded_log_scale(biased, rule.bound);
      hn::StoreU(log_s, d, raw);
      y = hn::Mul(y, hn::Exp(d, log_s));
    }
    hn::StoreU(hn::Add(y, hn::Add(load(net, net_row, r, c), hn::LoadU(d, bias + c))), d, at);
  });
}

void apply_scale_shift(const float* net, int net_row, const float* bias, int columns, int rows,
                       float* x, int x_row) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    float* at = x + static_cast<std::ptrdiff_t>(r) * x_row + c;
    const V t = hn::Add(load(net, net_row, r, c), hn::LoadU(d, bias + c));
    const V log_s = hn::Add(load(net, net_row, r, columns + c), hn::LoadU(d, bias + columns + c));
    hn::StoreU(hn::Mul(hn::Add(hn::LoadU(d, at), t), hn::Exp(d, log_s)), d, at);
  });
}

void undo_scale_shift(float* net, int net_row, const float* bias, int columns, int rows, float* x,
                      int x_row) {
  for_each(columns, rows, [&](int r, int c) HWY_ATTR {
    float* at = x + static_cast<std::ptrdiff_t>(r) * x_row + c;
    float* raw = net + static_cast<std::ptrdiff_t>(r) * net_row + columns + c;
    const V t = hn::Add(load(net, net_row, r, c), hn::LoadU(d, bias + c));
    const V log_s = hn::Add(hn::LoadU(d, raw), hn::LoadU(d, bias + columns + c));
    hn::StoreU(log_s, d, raw);
    hn::StoreU(hn::Sub(hn::Mul(hn::LoadU(d, at), hn::Exp(d, hn::Neg(log_s))), t), d, at);
  });
}

void decode_half(const char* from, std::size_t count, float* to) {
  const hn::Rebind<hwy::float16_t, D> dh;
  const std::size_t lanes = hn::Lanes(d);
  hwy::float16_t piece[1024] = {};
  float decoded[1024];
  for (std::size_t at = 0; at < count; at += 1024) {
    const std::size_t items = count - at < 1024 ? count - at : 1024;
    std::memcpy(piece, from + 2 * at, 2 * items);
    for (std::size_t i = 0; i < items; i += lanes)
      hn::StoreU(hn::PromoteTo(d, hn::LoadU(dh, piece + i)), d, decoded + i);
    std::memcpy(to + at, decoded, sizeof(float) * items);
  }
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
HWY_EXPORT(decode_half);

void gate(const float* pre, int pre_row, const float* bias, int columns, int rows,
          const Target& out) {
  HWY_DYNAMIC_DISPATCH(gate)(pre, pre_row, bias, columns, rows, out);
}
void add_bias(const float* x, int x_row, const float* y, int y_row, const float* bias, int columns,
              int rows, const Target& out) {
  HWY_DYNAMIC_DISPATCH(add_bias)(x, x_row, y, y_row, bias, columns, rows, out);
}
void copy(const float* x, int x_row, int columns, int rows, const Target& out) {
  HWY_DYNAMIC_DISPATCH(copy)(x, x_row, columns, rows, out);
}
void scale_and_shift(const float* x, int x_row, const float* scale, const float* shift, int columns,
                     int rows, const Target& out) {
  HWY_DYNAMIC_DISPATCH(scale_and_shift)(x, x_row, scale, shift, columns, rows, out);
}
void depthwise(const float* x, int x_row, std::int64_t x_tap, const float* weight, int taps,
               const float* bias, int columns, int rows, const Target& out) {
  HWY_DYNAMIC_DISPATCH(depthwise)(x, x_row, x_tap, weight, taps, bias, columns, rows, out);
}
void gelu(const float* x, int x_row, const float* bias, int columns, int rows, const Target& out) {
  HWY_DYNAMIC_DISPATCH(gelu)(x, x_row, bias, columns, rows, out);
}
void invert_coupling(const CouplingRule& rule, const float* net, int net_row, const float* bias,
                     int columns, int rows, float* x, int x_row) {
  HWY_DYNAMIC_DISPATCH(invert_coupling)(rule, net, net_row, bias, columns, rows, x, x_row);
}
void apply_coupling(const CouplingRule& rule, float* net, int net_row, const float* bias,
                    int columns, int rows, float* x, int x_row) {
  HWY_DYNAMIC_DISPATCH(apply_coupling)(rule, net, net_row, bias, columns, rows, x, x_row);
}
void apply_scale_shift(const float* net, int net_row, const float* bias, int columns, int rows,
                       float* x, int x_row) {
  HWY_DYNAMIC_DISPATCH(apply_scale_shift)(net, net_row, bias, columns, rows, x, x_row);
}
void undo_scale_shift(float* net, int net_row, const float* bias, int columns, int rows, float* x,
                      int x_row) {
  HWY_DYNAMIC_DISPATCH(undo_scale_shift)(net, net_row, bias, columns, rows, x, x_row);
}
void decode_half(const char* from, std::size_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(decode_half)(from, count, to);
}

}  // namespace glowvox::engine
#endif  // HWY_ONCE

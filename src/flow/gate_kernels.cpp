// SPDX-License-Identifier: MIT
#include "flow/gate_kernels.hpp"

#include <algorithm>

// One body, compiled for every instruction set that makes a difference, chosen when it runs.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "flow/gate_kernels.cpp"
// It includes this file again, once for each of them, and must stand first.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::flow::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

struct Factors {
  V tanh, sigmoid;
};

// With E = exp(2 u) and G = exp(-v): (E - 1) / (E + 1) and 1 / (1 + G), with one division. Beyond 9
// tanh is 1 in float; below -60 sigmoid is next to nothing, and the product of the two denominators
// still a float.
HWY_INLINE Factors factors_of(D d, V u, V v) {
  const V one = hn::Set(d, 1.0F);
  const V bounded = hn::Min(hn::Max(u, hn::Set(d, -9.0F)), hn::Set(d, 9.0F));
  const V E = hn::Exp(d, hn::Add(bounded, bounded));
  const V G = hn::Exp(d, hn::Min(hn::Neg(v), hn::Set(d, 60.0F)));
  const V E1 = hn::Add(E, one), G1 = hn::Add(G, one);
  const V q = hn::Div(one, hn::Mul(E1, G1));
  return {hn::Mul(hn::Mul(hn::Sub(E, one), G1), q), hn::Mul(E1, q)};
}

// Calls body(tag, r, c) for every vector of every row, single floats at the end of a row.
template <typename Body>
HWY_INLINE void for_each(std::int64_t rows, std::int64_t columns, const Body& body) {
  const D d;
  const hn::CappedTag<float, 1> single;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t c = 0;
    for (; c + lanes <= columns; c += lanes) body(d, r, c);
    for (; c < columns; ++c) body(single, r, c);
  }
}

HWY_NOINLINE void gate_forward(RowsView u, std::int64_t H, RowsView z) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  float left[HWY_MAX_BYTES / sizeof(float)] = {}, right[HWY_MAX_BYTES / sizeof(float)] = {};
  for (std::int64_t r = 0; r < u.count; ++r) {
    float* a = u.row(r);
    float *b = a + H, *to = z.row(r);
    std::int64_t c = 0;
    for (; c + lanes <= H; c += lanes) {
      const Factors f = factors_of(d, hn::LoadU(d, a + c), hn::LoadU(d, b + c));
      hn::StoreU(f.tanh, d, a + c);
      hn::StoreU(f.sigmoid, d, b + c);
      hn::StoreU(hn::Mul(f.tanh, f.sigmoid), d, to + c);
    }
    if (c == H) continue;
    std::copy_n(a + c, H - c, left);
    std::copy_n(b + c, H - c, right);
    const Factors f = factors_of(d, hn::LoadU(d, left), hn::LoadU(d, right));
    hn::StoreU(f.tanh, d, left);
    hn::StoreU(f.sigmoid, d, right);
    std::copy_n(left, H - c, a + c);
    std::copy_n(right, H - c, b + c);
    for (std::int64_t i = c; i < H; ++i) to[i] = a[i] * b[i];
  }
}

void gate_backward(ConstRowsView factors, ConstRowsView grad_z, std::int64_t H, RowsView grad_u,
                   RowsView z) {
  for_each(factors.count, H, [&](auto d, std::int64_t r, std::int64_t c) HWY_ATTR {
    const float* from = factors.row(r) + c;
    const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + H);
    const auto g = hn::LoadU(d, grad_z.row(r) + c);
    const auto ab = hn::Mul(a, b), gb = hn::Mul(g, b);
    float* to = grad_u.row(r) + c;
    hn::StoreU(hn::NegMulAdd(hn::Mul(gb, a), a, gb), d, to);
    hn::StoreU(hn::Mul(hn::Mul(g, ab), hn::Sub(hn::Set(d, 1.0F), b)), d, to + H);
    hn::StoreU(ab, d, z.row(r) + c);
  });
}

void column_sums(ConstRowsView x, std::int64_t columns, float* sums) {
  std::fill_n(sums, columns, 0.0F);
  for_each(x.count, columns, [&](auto d, std::int64_t r, std::int64_t c) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, sums + c), hn::LoadU(d, x.row(r) + c)), d, sums + c);
  });
}

}  // namespace glowvox::flow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::flow {

HWY_EXPORT(gate_forward);
HWY_EXPORT(gate_backward);
HWY_EXPORT(column_sums);

void gate_forward(RowsView u, std::int64_t H, RowsView z) {
  HWY_DYNAMIC_DISPATCH(gate_forward)(u, H, z);
}
void gate_backward(ConstRowsView factors, ConstRowsView grad_z, std::int64_t H, RowsView grad_u,
                   RowsView z) {
  HWY_DYNAMIC_DISPATCH(gate_backward)(factors, grad_z, H, grad_u, z);
}
void column_sums(ConstRowsView x, std::int64_t columns, float* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums)(x, columns, sums);
}

}  // namespace glowvox::flow
#endif  // HWY_ONCE

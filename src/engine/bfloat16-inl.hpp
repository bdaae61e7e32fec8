// SPDX-License-Identifier: MIT
// Rounding to bfloat16, for loops that are compiled for every instruction set: included once for
// each of them, behind Highway's headers.
#if defined(GLOWVOX_ENGINE_BFLOAT16_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef GLOWVOX_ENGINE_BFLOAT16_INL
#undef GLOWVOX_ENGINE_BFLOAT16_INL
#else
#define GLOWVOX_ENGINE_BFLOAT16_INL
#endif

#include <cstdint>

#include "engine/aligned.hpp"

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kVector>;
using V = hn::Vec<D>;
constexpr D d;

// To nearest, ties to even: in the upper half of the word. What is below is left of the rounding.
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> rounded_to_bfloat16(V x) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  return hn::Add(hn::Add(bits, hn::Set(du, 0x7fffu)), odd);
}

HWY_INLINE void store_bfloat16(V x, std::uint16_t* to) {
  const hn::Rebind<std::uint16_t, D> dh;
  const auto rounded = hn::ShiftRight<16>(rounded_to_bfloat16(x));
  hn::StoreU(hn::DemoteTo(dh, hn::BitCast(hn::RebindToSigned<D>(), rounded)), dh, to);
}

}  // namespace glowvox::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
